using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.PreKeys;

/// <summary>Attack 9 and the directory's promises, on the in-memory form.</summary>
public sealed class KeyDirectory
{
    private readonly TestClock _clock = new();
    private readonly InMemoryKeyDirectory _directory;
    private readonly Party _bob;

    public KeyDirectory()
    {
        _directory = new InMemoryKeyDirectory(_clock);
        _bob = new Party("bob", _clock, oneTimePairs: 50);
    }

    [Fact]
    public async Task Concurrent_claims_never_get_the_same_one_time_pair()
    {
        await _directory.PublishAsync(_bob.Publish());
        PreKeyBundle[] bundles = await Task.WhenAll(Enumerable.Range(0, 80).Select(_ =>
            Task.Run(() => _directory.ClaimBundleAsync(_bob.Identity.Address))));
        uint[] claimed = [.. bundles.Where(bundle => bundle.OneTimePair is not null).Select(bundle => bundle.OneTimePair!.Id)];
        Assert.Equal(50, claimed.Length);
        Assert.Equal(50, claimed.Distinct().Count());
        Assert.Equal(0, await LeftAsync(_bob.Identity.Address));
    }

    [Fact]
    public async Task Publishing_again_after_a_lost_answer_hands_nothing_out_twice()
    {
        PreKeyPublication publication = _bob.Publish();
        await _directory.PublishAsync(publication);
        PreKeyBundle claimed = await _directory.ClaimBundleAsync(_bob.Identity.Address);
        await _directory.PublishAsync(publication);
        Assert.Equal(49, await LeftAsync(_bob.Identity.Address));
        PreKeyBundle next = await _directory.ClaimBundleAsync(_bob.Identity.Address);
        Assert.NotEqual(claimed.OneTimePair!.Id, next.OneTimePair!.Id);
    }

    [Fact]
    public async Task A_device_of_another_account_is_not_taken_in_under_a_users_name()
    {
        await _directory.PublishAsync(_bob.Publish());
        var impostor = new Party("bob", _clock, deviceId: "laptop");
        E2EException refused = await Assert.ThrowsAsync<E2EException>(() => _directory.PublishAsync(impostor.Publish()));
        Assert.Equal(E2EError.WrongIdentity, refused.Reason);
        Assert.Single(await _directory.FetchDevicesAsync("bob"));
    }

    [Fact]
    public async Task A_device_that_comes_back_with_new_keys_begins_anew()
    {
        await _directory.PublishAsync(_bob.Publish());
        DeviceIdentity again = DeviceIdentity.Create(_bob.Account, _bob.Identity.Address, _clock);
        using var preKeys = DevicePreKeys.Create(again, new PreKeyOptions { OneTimePairs = 3 }, _clock);
        await _directory.PublishAsync(preKeys.PreparePublication(default));
        Assert.Equal(3, await LeftAsync(again.Address));
        Assert.Equal(again.Certificate, (await _directory.FetchDevicesAsync("bob")).Single());
    }

    [Fact]
    public async Task A_publication_that_does_not_verify_is_not_stored()
    {
        _clock.Advance(TimeSpan.FromDays(3651));
        E2EException refused = await Assert.ThrowsAsync<E2EException>(() => _directory.PublishAsync(_bob.Publish()));
        Assert.Equal(E2EError.Expired, refused.Reason);
        Assert.Empty(await _directory.FetchDevicesAsync("bob"));
    }

    [Fact]
    public async Task One_time_pairs_are_bounded()
    {
        await _directory.PublishAsync(_bob.Publish());
        int published = 50;
        for (; published + 50 <= InMemoryKeyDirectory.MaxOneTimePairs; published += 50)
        {
            await _directory.PublishAsync(_bob.Publish());
        }

        E2EException refused = await Assert.ThrowsAsync<E2EException>(() => _directory.PublishAsync(_bob.Publish()));
        Assert.Equal(E2EError.LimitExceeded, refused.Reason);
        Assert.Equal(published, await LeftAsync(_bob.Identity.Address));
    }

    [Fact]
    public async Task A_newer_signed_pair_drops_the_one_time_pairs_of_the_earlier_one_and_a_late_earlier_one_changes_nothing()
    {
        PreKeyPublication old = _bob.Publish();
        await _directory.PublishAsync(old);
        _clock.Advance(TimeSpan.FromDays(30));
        PreKeyPublication current = _bob.PreKeys.PreparePublication(await _directory.GetStateAsync(_bob.Identity.Address));
        await _directory.PublishAsync(current);
        await _directory.PublishAsync(old);
        Assert.Equal(current.Hash.ToArray(), (await _directory.GetStateAsync(_bob.Identity.Address)).PublicationHash.ToArray());
        PreKeyBundle claimed = await _directory.ClaimBundleAsync(_bob.Identity.Address);
        Assert.Equal(current.OneTimePairs[0].Id, claimed.OneTimePair!.Id);
        Assert.Equal(49, await LeftAsync(_bob.Identity.Address));
    }

    [Fact]
    public async Task An_unknown_device_is_told_apart_from_an_empty_one()
    {
        E2EException refused = await Assert.ThrowsAsync<E2EException>(
            () => _directory.ClaimBundleAsync(new DeviceAddress("nobody", "phone")));
        Assert.Equal(E2EError.UnknownDevice, refused.Reason);
    }

    [Fact]
    public async Task A_cancelled_call_claims_nothing()
    {
        await _directory.PublishAsync(_bob.Publish());
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAsync<OperationCanceledException>(() => _directory.ClaimBundleAsync(_bob.Identity.Address, cancelled));
        Assert.Equal(50, await LeftAsync(_bob.Identity.Address));
    }

    private async Task<int> LeftAsync(DeviceAddress device) => (await _directory.GetStateAsync(device)).OneTimePairs;
}
