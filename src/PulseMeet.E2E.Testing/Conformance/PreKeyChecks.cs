using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>docs/protocol-relay.md, "Directory": publications and claims.</summary>
internal static class PreKeyChecks
{
    public static IReadOnlyList<ConformanceCheck<RelayUnderTest>> All { get; } =
    [
        new("A claim gives a bundle for each listed device that has published and is not excluded, in one call.", ClaimAsync),
        new("One-time pairs are handed out by the smallest id, each once, and then there are bundles without.", OnceAsync),
        new("Forty claims at once never get one pair twice, and get every pair.", AtOnceAsync),
        new("A publication again adds nothing, also after its pairs were handed out.", AgainAsync),
        new("An older publication changes nothing; a newer one replaces the pairs of the older one.", OlderAsync),
        new("More one-time pairs than the bound are refused whole.", BoundAsync),
        new("Who is not listed, or listed under other keys, publishes nothing; nor does anybody for another.", WrongDeviceAsync),
        new("A publication that is malformed or badly signed is refused, and what was there stays.", HostileAsync),
        new("A device that a newer list names under other keys begins anew.", NewKeysAsync),
        new("A claim of a user without a list is refused.", UnknownAsync),
    ];

    private static async Task ClaimAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "a", "b", "c", "d").ConfigureAwait(false);
        foreach (string deviceId in (string[])["a", "b", "c"])
        {
            Expect.Equal(2, await PublishAsync(bob[deviceId], bob[deviceId].NewPreKeys(2)).ConfigureAwait(false), "Left");
        }

        ClaimedBundles claimed = await world.Connect(world.Name("alice"), "phone")
            .ClaimBundlesAsync(bob.UserId, ["b", "none"], cancellationToken).ConfigureAwait(false);
        Expect.Same(bob.List!.Encode(), claimed.DeviceList, "The list");
        Expect.Order(["a", "c"], claimed.Bundles.Keys.Order(StringComparer.Ordinal), "The devices");
        foreach ((string deviceId, ReadOnlyMemory<byte> encoded) in claimed.Bundles)
        {
            PreKeyBundle bundle = PreKeyBundle.Decode(encoded.Span);
            bundle.Verify(world.Clock.GetUtcNow(), new PreKeyOptions());
            Expect.Equal(bob[deviceId].Address, bundle.Certificate.Address, "The bundle's device");
        }

        Expect.Equal(2, (await bob["b"].Relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false)).OneTimePairs, "Left of the excluded");
        Expect.Equal(1, (await bob["a"].Relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false)).OneTimePairs, "Left of a claimed");
    }

    private static async Task OnceAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        PreKeyStatus before = await bob["phone"].Relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false);
        Expect.That(before.OneTimePairs == 0 && before.PublicationHash.IsEmpty, "A status of what nobody published.");
        DevicePreKeys preKeys = bob["phone"].NewPreKeys(3);
        PreKeyPublication publication = preKeys.PreparePublication(default);
        await bob["phone"].Relay.PublishPreKeysAsync(publication.Encode(), cancellationToken).ConfigureAwait(false);
        Expect.Same(
            preKeys.PublicationHash, (await bob["phone"].Relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false)).PublicationHash, "The hash");
        uint?[] expected = [.. publication.OneTimePairs.Select(pair => (uint?)pair.Id).Order(), null, null];
        foreach (uint? id in expected)
        {
            Expect.Equal(id, await ClaimIdAsync(world, bob).ConfigureAwait(false), "The pair");
        }
    }

    private static async Task AtOnceAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        await PublishAsync(bob["phone"], bob["phone"].NewPreKeys(30)).ConfigureAwait(false);
        uint?[] claimed = await RelayWorld.AtOnceAsync(40, _ => ClaimIdAsync(world, bob)).ConfigureAwait(false);
        Expect.Equal(30, claimed.Count(id => id is not null), "Pairs given");
        Expect.Equal(31, claimed.Distinct().Count(), "Different ones");
    }

    private static async Task AgainAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        byte[] publication = bob["phone"].NewPreKeys(2).PreparePublication(default).Encode();
        Expect.Equal(2, await PublishAsync().ConfigureAwait(false), "Left");
        Expect.Equal(2, await PublishAsync().ConfigureAwait(false), "Left after the same again");
        await ClaimIdAsync(world, bob).ConfigureAwait(false);
        Expect.Equal(1, await PublishAsync().ConfigureAwait(false), "Left after one was claimed");

        Task<int> PublishAsync() => bob["phone"].Relay.PublishPreKeysAsync(publication, cancellationToken);
    }

    private static async Task OlderAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        DevicePreKeys preKeys = bob["phone"].NewPreKeys(2);
        byte[] older = preKeys.PreparePublication(default).Encode();
        world.Clock.Advance(new PreKeyOptions().RotationInterval);
        PreKeyPublication newer = preKeys.PreparePublication(default);
        await bob["phone"].Relay.PublishPreKeysAsync(older, cancellationToken).ConfigureAwait(false);
        await bob["phone"].Relay.PublishPreKeysAsync(newer.Encode(), cancellationToken).ConfigureAwait(false);
        Expect.Equal(
            newer.OneTimePairs.Count, await bob["phone"].Relay.PublishPreKeysAsync(older, cancellationToken).ConfigureAwait(false), "Left");
        Expect.Same(
            newer.Hash, (await bob["phone"].Relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false)).PublicationHash, "The hash");
        Expect.Equal(newer.OneTimePairs[0].Id, await ClaimIdAsync(world, bob).ConfigureAwait(false), "The pair");
    }

    private static async Task BoundAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        DevicePreKeys preKeys = bob["phone"].NewPreKeys(250);
        for (int left = 250; left <= RelayLimits.MaxOneTimePairs; left += 250)
        {
            Expect.Equal(left, await PublishAsync(bob["phone"], preKeys).ConfigureAwait(false), "Left");
        }

        await Expect.RefusedAsync(E2EError.LimitExceeded, () => PublishAsync(bob["phone"], preKeys), "More").ConfigureAwait(false);
        PreKeyStatus status = await bob["phone"].Relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false);
        Expect.Equal(RelayLimits.MaxOneTimePairs, status.OneTimePairs, "Left afterwards");
    }

    private static async Task WrongDeviceAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone", "laptop").ConfigureAwait(false);
        byte[] phone = bob["phone"].NewPreKeys(1).PreparePublication(default).Encode();
        await RefusedAsync(E2EError.WrongIdentity, bob["laptop"], phone, "For another device").ConfigureAwait(false);
        RelayTestDevice unlisted = bob["tablet"];
        byte[] tablet = unlisted.NewPreKeys(1).PreparePublication(default).Encode();
        await RefusedAsync(E2EError.UnknownDevice, unlisted, tablet, "An unlisted device").ConfigureAwait(false);
        RelayTestDevice reinstalled = bob.Reinstall("phone");
        byte[] otherKeys = reinstalled.NewPreKeys(1).PreparePublication(default).Encode();
        await RefusedAsync(E2EError.WrongIdentity, reinstalled, otherKeys, "Other keys than the list's").ConfigureAwait(false);
        Expect.Equal(0, (await ClaimAsync(world, bob).ConfigureAwait(false)).Bundles.Count, "Bundles");

        Task RefusedAsync(E2EError reason, RelayTestDevice device, byte[] publication, string what) =>
            Expect.RefusedAsync(reason, () => device.Relay.PublishPreKeysAsync(publication, cancellationToken), what);
    }

    private static async Task HostileAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        DevicePreKeys preKeys = bob["phone"].NewPreKeys(1);
        byte[] good = preKeys.PreparePublication(default).Encode();
        await bob["phone"].Relay.PublishPreKeysAsync(good, cancellationToken).ConfigureAwait(false);
        byte[] signature = [.. good];
        signature[^1] ^= 1;
        byte[] version = [.. good];
        version[0] = 99;
        foreach ((E2EError reason, byte[] bytes, string what) in ((E2EError, byte[], string)[])
        [
            (E2EError.InvalidSignature, signature, "A changed signature"),
            (E2EError.UnsupportedVersion, version, "Another version"),
            (E2EError.InvalidEncoding, good[..^1], "A cut publication"),
            (E2EError.InvalidEncoding, [.. good, 0], "A longer publication"),
            (E2EError.InvalidEncoding, [], "No bytes"),
        ])
        {
            await Expect.RefusedAsync(reason, () => bob["phone"].Relay.PublishPreKeysAsync(bytes, cancellationToken), what).ConfigureAwait(false);
        }

        PreKeyStatus status = await bob["phone"].Relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false);
        Expect.Same(preKeys.PublicationHash, status.PublicationHash, "The hash");
        Expect.Equal(1, status.OneTimePairs, "Left");
    }

    private static async Task NewKeysAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        await PublishAsync(bob["phone"], bob["phone"].NewPreKeys(2)).ConfigureAwait(false);
        bob.Reinstall("phone");
        await bob.ListAsync("phone").ConfigureAwait(false);
        Expect.Equal(0, (await ClaimAsync(world, bob).ConfigureAwait(false)).Bundles.Count, "Bundles of the old keys");
        Expect.Equal(1, await PublishAsync(bob["phone"], bob["phone"].NewPreKeys(1)).ConfigureAwait(false), "Left");
        PreKeyBundle bundle = PreKeyBundle.Decode((await ClaimAsync(world, bob).ConfigureAwait(false)).Bundles["phone"].Span);
        Expect.Equal(bob["phone"].Identity.Certificate, bundle.Certificate, "The certificate");
        await bob.ListAsync("phone").ConfigureAwait(false);
        Expect.Equal(1, (await ClaimAsync(world, bob).ConfigureAwait(false)).Bundles.Count, "Bundles after a list with the same keys");
    }

    private static Task UnknownAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        return Expect.RefusedAsync(
            E2EError.UnknownDevice,
            () => world.Connect(world.Name("alice"), "phone").ClaimBundlesAsync(world.Name("nobody"), [], cancellationToken),
            "A claim of nobody");
    }

    private static Task<int> PublishAsync(RelayTestDevice device, DevicePreKeys preKeys) =>
        device.Relay.PublishPreKeysAsync(preKeys.PreparePublication(default).Encode());

    private static Task<ClaimedBundles> ClaimAsync(RelayWorld world, RelayTestUser user) =>
        world.Connect(world.Name("claimer"), "phone").ClaimBundlesAsync(user.UserId, [], world.CancellationToken);

    private static async Task<uint?> ClaimIdAsync(RelayWorld world, RelayTestUser user)
    {
        ClaimedBundles claimed = await ClaimAsync(world, user).ConfigureAwait(false);
        return PreKeyBundle.Decode(claimed.Bundles.Values.Single().Span).OneTimePair?.Id;
    }
}
