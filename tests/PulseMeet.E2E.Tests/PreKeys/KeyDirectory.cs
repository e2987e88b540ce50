using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
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
        _bob = new Party("bob", _clock, oneTimePreKeys: 50);
    }

    [Fact]
    public async Task Concurrent_claims_never_get_the_same_one_time_prekey()
    {
        await _directory.PublishAsync(_bob.Publish());
        PreKeyBundle[] bundles = await Task.WhenAll(Enumerable.Range(0, 80).Select(_ =>
            Task.Run(() => _directory.ClaimBundleAsync(_bob.Identity.Address))));
        uint[] curve = [.. bundles.Where(bundle => bundle.OneTimePreKey is not null).Select(bundle => bundle.OneTimePreKey!.Id)];
        uint[] kem = [.. bundles.Where(bundle => !bundle.KemPreKey.IsLastResort).Select(bundle => bundle.KemPreKey.Id)];
        Assert.Equal(50, curve.Length);
        Assert.Equal(50, curve.Distinct().Count());
        Assert.Equal(50, kem.Length);
        Assert.Equal(50, kem.Distinct().Count());
        Assert.Equal(new OneTimePreKeyCount(0, 0), await _directory.CountOneTimePreKeysAsync(_bob.Identity.Address));
    }

    [Fact]
    public async Task Publishing_again_after_a_lost_answer_hands_nothing_out_twice()
    {
        PreKeyPublication publication = _bob.Publish();
        await _directory.PublishAsync(publication);
        PreKeyBundle claimed = await _directory.ClaimBundleAsync(_bob.Identity.Address);
        await _directory.PublishAsync(publication);
        Assert.Equal(new OneTimePreKeyCount(49, 49), await _directory.CountOneTimePreKeysAsync(_bob.Identity.Address));
        PreKeyBundle next = await _directory.ClaimBundleAsync(_bob.Identity.Address);
        Assert.NotEqual(claimed.OneTimePreKey!.Id, next.OneTimePreKey!.Id);
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
        using var preKeys = DevicePreKeys.Create(again, new PreKeyOptions { OneTimePreKeys = 3 }, _clock);
        await _directory.PublishAsync(preKeys.Publish(default));
        Assert.Equal(new OneTimePreKeyCount(3, 3), await _directory.CountOneTimePreKeysAsync(again.Address));
        Assert.Equal(again.Certificate, (await _directory.FetchDevicesAsync("bob")).Single());
    }

    [Fact]
    public async Task A_publication_that_does_not_verify_is_not_stored()
    {
        _clock.Advance(TimeSpan.FromDays(400));
        E2EException refused = await Assert.ThrowsAsync<E2EException>(() => _directory.PublishAsync(_bob.Publish()));
        Assert.Equal(E2EError.Expired, refused.Reason);
        Assert.Empty(await _directory.FetchDevicesAsync("bob"));
    }

    [Fact]
    public async Task One_time_prekeys_are_bounded()
    {
        var many = new Party("carol", _clock, oneTimePreKeys: PreKeyOptions.MaxOneTimePreKeys);
        using X25519KeyPair pair = X25519KeyPair.Generate();
        PreKeyPublication published = many.Publish();
        var flood = new PreKeyPublication(
            published.Certificate,
            published.SignedPreKey,
            published.LastResortPreKey,
            [.. Enumerable.Range(1000, InMemoryKeyDirectory.MaxOneTimePreKeys + 1).Select(id => new OneTimePreKey((uint)id, pair.PublicKey))],
            []);
        E2EException refused = await Assert.ThrowsAsync<E2EException>(() => _directory.PublishAsync(flood));
        Assert.Equal(E2EError.LimitExceeded, refused.Reason);
        Assert.Empty(await _directory.FetchDevicesAsync("carol"));
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
        Assert.Equal(new OneTimePreKeyCount(50, 50), await _directory.CountOneTimePreKeysAsync(_bob.Identity.Address, default));
    }
}
