using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>docs/protocol-relay.md, "Directory": key packages.</summary>
internal static class KeyPackageChecks
{
    public static IReadOnlyList<ConformanceCheck<RelayUnderTest>> All { get; } =
    [
        new("Key packages are handed out once each, in the order in which they came, for every device at once.", OnceAsync),
        new("The same key package again is passed over, also after it was handed out.", AgainAsync),
        new("The last-resort key package is handed out when there is no other, and stays until it is replaced.", LastResortAsync),
        new("More key packages than the bound, or longer ones, are refused whole.", BoundAsync),
        new("Claims at once never give one key package twice.", AtOnceAsync),
    ];

    private static async Task OnceAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone", "laptop").ConfigureAwait(false);
        Expect.Equal(2, await PublishAsync(bob["phone"], [1], [2]).ConfigureAwait(false), "Left");
        Expect.Equal(1, await PublishAsync(bob["laptop"], [[3]]).ConfigureAwait(false), "Left of the other");
        Expect.Equal("laptop3 phone1", await ClaimAsync(world, bob).ConfigureAwait(false), "The first claim");
        Expect.Equal("phone2", await ClaimAsync(world, bob).ConfigureAwait(false), "The second claim");
        Expect.Equal(string.Empty, await ClaimAsync(world, bob).ConfigureAwait(false), "The third claim");
        await Expect.RefusedAsync(
            E2EError.UnknownDevice, () => bob["phone"].Relay.ClaimKeyPackagesAsync(world.Name("nobody"), cancellationToken), "Of nobody").ConfigureAwait(false);
    }

    private static async Task AgainAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        await PublishAsync(bob["phone"], [1], [2], [1]).ConfigureAwait(false);
        Expect.Equal("phone1", await ClaimAsync(world, bob).ConfigureAwait(false), "The first claim");
        Expect.Equal(2, await PublishAsync(bob["phone"], [1], [2], [3]).ConfigureAwait(false), "Left");
        Expect.Equal("phone2", await ClaimAsync(world, bob).ConfigureAwait(false), "The second claim");
        Expect.Equal("phone3", await ClaimAsync(world, bob).ConfigureAwait(false), "The third claim");
        Expect.Equal(string.Empty, await ClaimAsync(world, bob).ConfigureAwait(false), "The fourth claim");
    }

    private static async Task LastResortAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        Expect.Equal(1, await bob["phone"].Relay.PublishKeyPackagesAsync([new byte[] { 1 }], new byte[] { 9 }, cancellationToken).ConfigureAwait(false), "Left");
        Expect.Equal("phone1", await ClaimAsync(world, bob).ConfigureAwait(false), "The first claim");
        Expect.Equal("phone9", await ClaimAsync(world, bob).ConfigureAwait(false), "The second claim");
        await PublishAsync(bob["phone"], [[2]]).ConfigureAwait(false);
        Expect.Equal("phone2", await ClaimAsync(world, bob).ConfigureAwait(false), "With a new one");
        Expect.Equal("phone9", await ClaimAsync(world, bob).ConfigureAwait(false), "Without");
        await bob["phone"].Relay.PublishKeyPackagesAsync([], new byte[] { 8 }, cancellationToken).ConfigureAwait(false);
        Expect.Equal("phone8", await ClaimAsync(world, bob).ConfigureAwait(false), "After it was replaced");
        Expect.Equal(0, (await bob["phone"].Relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false)).KeyPackages, "Counted");
    }

    private static async Task BoundAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        byte[][] all = [.. Enumerable.Range(0, RelayLimits.MaxOneTimePairs + 1).Select(_ => RelayWorld.NewId())];
        await Expect.RefusedAsync(E2EError.LimitExceeded, () => PublishAsync(bob["phone"], all), "Too many").ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.LimitExceeded, () => PublishAsync(bob["phone"], [new byte[RelayLimits.MaxEnvelopeSize + 1]]), "Too long").ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.InvalidEncoding, () => PublishAsync(bob["phone"], [[]]), "Empty").ConfigureAwait(false);
        Expect.Equal(RelayLimits.MaxOneTimePairs, await PublishAsync(bob["phone"], all[1..]).ConfigureAwait(false), "Left");
        await Expect.RefusedAsync(E2EError.LimitExceeded, () => PublishAsync(bob["phone"], all[..1]), "One more").ConfigureAwait(false);
        Expect.Equal(RelayLimits.MaxOneTimePairs, await PublishAsync(bob["phone"], all[1..]).ConfigureAwait(false), "The same again");
    }

    private static async Task AtOnceAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        await PublishAsync(bob["phone"], [.. Enumerable.Range(0, 30).Select(i => new[] { (byte)i })]).ConfigureAwait(false);
        string[] claimed = await RelayWorld.AtOnceAsync(40, _ => ClaimAsync(world, bob)).ConfigureAwait(false);
        Expect.Equal(30, claimed.Count(claim => claim.Length > 0), "Given");
        Expect.Equal(30, claimed.Where(claim => claim.Length > 0).Distinct().Count(), "Different ones");
    }

    private static Task<int> PublishAsync(RelayTestDevice device, params byte[][] keyPackages) => device.Relay.PublishKeyPackagesAsync(
        [.. keyPackages.Select(keyPackage => (ReadOnlyMemory<byte>)keyPackage)], ReadOnlyMemory<byte>.Empty);

    private static async Task<string> ClaimAsync(RelayWorld world, RelayTestUser user)
    {
        IE2ERelay relay = world.Connect(world.Name("claimer"), "phone");
        ClaimedBundles claimed = await relay.ClaimKeyPackagesAsync(user.UserId, world.CancellationToken).ConfigureAwait(false);
        Expect.Same(user.List!.Encode(), claimed.DeviceList, "The list");
        return string.Join(' ', claimed.Bundles.OrderBy(bundle => bundle.Key, StringComparer.Ordinal).Select(bundle => $"{bundle.Key}{bundle.Value.Span[0]}"));
    }
}
