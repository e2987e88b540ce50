using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.PreKeys;

/// <summary>A caller's mistake is said at once and names the parameter.</summary>
public sealed class PreKeyArguments
{
    private static readonly PreKeyOptions s_options = new();

    private readonly TestClock _clock = new();
    private readonly Party _bob;
    private readonly PreKeyPublication _published;

    public PreKeyArguments()
    {
        _bob = new Party(new string('b', DeviceAddress.MaxIdSize), _clock, deviceId: new string('p', DeviceAddress.MaxIdSize));
        _published = _bob.Publish();
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        DeviceIdentity own = _bob.Identity;
        byte[] state = _bob.PreKeys.Serialize();
        SignedPreKeyPair signed = _published.SignedPair;
        (string Name, Action Call)[] calls =
        [
            ("identity", () => DevicePreKeys.Create(null!, s_options, _clock)),
            ("options", () => DevicePreKeys.Create(own, null!, _clock)),
            ("time", () => DevicePreKeys.Create(own, s_options, null!)),
            ("identity", () => DevicePreKeys.Deserialize(state, null!, s_options, _clock)),
            ("options", () => DevicePreKeys.Deserialize(state, own, null!, _clock)),
            ("time", () => DevicePreKeys.Deserialize(state, own, s_options, null!)),
            ("options", () => _ = new DeviceFactory(null!, _clock)),
            ("time", () => _ = new DeviceFactory(s_options, null!)),
            ("signer", () => signed.Verify(null!)),
            ("signer", () => _published.OneTimePairs[0].Verify(null!)),
            ("certificate", () => _ = new PreKeyBundle(null!, signed, null)),
            ("signedPair", () => _ = new PreKeyBundle(own.Certificate, null!, null)),
            ("options", () => _bob.Bundle().Verify(_clock.GetUtcNow(), null!)),
            ("time", () => _ = new InMemoryKeyDirectory(null!)),
        ];
        Assert.All(calls, call => Assert.Equal(call.Name, Assert.Throws<ArgumentNullException>(call.Call).ParamName));
    }

    [Fact]
    public void A_factory_makes_and_reads_devices_with_its_own_options_and_clock()
    {
        var factory = new DeviceFactory(new PreKeyOptions { OneTimePairs = 3 }, _clock);
        using DeviceIdentity device = factory.CreateDevice(_bob.Account, new DeviceAddress("bob", "tablet"));
        Assert.Equal(_clock.GetUtcNow(), device.Certificate.NotBefore);
        using DevicePreKeys made = factory.CreatePreKeys(device);
        using DevicePreKeys read = factory.LoadPreKeys(made.Serialize(), device);
        Assert.Equal(3, read.PreparePublication(default).OneTimePairs.Count);
        Assert.Equal(_clock.GetUtcNow(), made.PreparePublication(default).SignedPair.CreatedAt);
    }

    [Fact]
    public void What_a_directory_stores_has_exactly_its_lengths()
    {
        byte[] certificate = _published.Certificate.Encode();
        byte[] signed = _published.SignedPair.Encode();
        byte[] oneTime = _published.OneTimePairs[0].Encode();
        Assert.Equal(DeviceCertificate.MaxEncodedSize, certificate.Length);
        Assert.Equal(_published.Hash.ToArray(), PreKeyPublication.HashOf(certificate, signed));
        PreKeyBundle.Decode(PreKeyBundle.Assemble(certificate, signed, oneTime)).Verify(_clock.GetUtcNow(), s_options);
        PreKeyBundle.Decode(PreKeyBundle.Assemble(certificate, signed, default)).Verify(_clock.GetUtcNow(), s_options);
        foreach (byte[] another in new byte[][] { [], [.. certificate, 0] })
        {
            Assert.Throws<ArgumentException>(() => PreKeyPublication.HashOf(another, signed));
            Assert.Throws<ArgumentException>(() => PreKeyBundle.Assemble(another, signed, oneTime));
        }

        foreach (byte[] another in new[] { signed[1..], [.. signed, 0] })
        {
            Assert.Throws<ArgumentException>(() => PreKeyPublication.HashOf(certificate, another));
            Assert.Throws<ArgumentException>(() => PreKeyBundle.Assemble(certificate, another, oneTime));
            Assert.Throws<ArgumentException>(() => PreKeyBundle.Assemble(certificate, another, default));
        }

        Assert.Throws<ArgumentException>(() => PreKeyBundle.Assemble(certificate, signed, oneTime.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => PreKeyBundle.Assemble(certificate, signed, [.. oneTime, 0]));
    }

    [Fact]
    public async Task A_directory_names_what_is_missing_and_does_nothing_for_a_call_that_was_cancelled()
    {
        var directory = new InMemoryKeyDirectory(_clock);
        await Assert.ThrowsAsync<ArgumentNullException>("publication", () => directory.PublishAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>("device", () => directory.ClaimBundleAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>("device", () => directory.GetStateAsync(null!));
        await Assert.ThrowsAsync<ArgumentException>("userId", () => directory.FetchDevicesAsync(""));
        await directory.PublishAsync(_published);
        var cancelled = new CancellationToken(canceled: true);
        DeviceAddress device = _bob.Identity.Address;
        await Assert.ThrowsAsync<OperationCanceledException>(() => directory.PublishAsync(_published, cancelled));
        await Assert.ThrowsAsync<OperationCanceledException>(() => directory.FetchDevicesAsync(device.UserId, cancelled));
        await Assert.ThrowsAsync<OperationCanceledException>(() => directory.ClaimBundleAsync(device, cancelled));
        await Assert.ThrowsAsync<OperationCanceledException>(() => directory.GetStateAsync(device, cancelled));
        Assert.Equal(2, (await directory.GetStateAsync(device)).OneTimePairs);
    }

    [Fact]
    public async Task A_directory_shows_the_certificate_that_ends_last_and_with_a_newer_pair_the_newer_one()
    {
        var directory = new InMemoryKeyDirectory(_clock);
        await directory.PublishAsync(_published);
        DeviceCertificate first = _bob.Identity.Certificate;
        _clock.Advance(TimeSpan.FromDays(1));
        DeviceCertificate renewed = _bob.Identity.Renew(_bob.Account, _clock);
        PreKeyPublication again = _bob.Publish();
        await directory.PublishAsync(again);
        Assert.Equal([renewed], await directory.FetchDevicesAsync(_bob.Identity.Address.UserId));
        await directory.PublishAsync(_published); // the earlier one, late
        Assert.Equal([renewed], await directory.FetchDevicesAsync(_bob.Identity.Address.UserId));

        // A newer signed pair comes with whatever certificate the device has then.
        _clock.Advance(TimeSpan.FromDays(30));
        DeviceIdentity brief = DeviceIdentity.Deserialize(_bob.Identity.Serialize());
        DeviceCertificate shorter = brief.Renew(_bob.Account, _clock, TimeSpan.FromDays(365));
        using var preKeys = DevicePreKeys.Deserialize(_bob.PreKeys.Serialize(), brief, s_options, _clock);
        await directory.PublishAsync(preKeys.PreparePublication(default));
        Assert.True(shorter.NotAfter < first.NotAfter);
        Assert.Equal([shorter], await directory.FetchDevicesAsync(_bob.Identity.Address.UserId));
    }
}
