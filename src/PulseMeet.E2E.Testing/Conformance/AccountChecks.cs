using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>docs/protocol-relay.md, "Recovery copy and linking".</summary>
internal static class AccountChecks
{
    public static IReadOnlyList<ConformanceCheck<RelayUnderTest>> All { get; } =
    [
        new("The recovery copy is the user's: listed devices replace it, all of the user's devices read it, nobody else does.", RecoveryAsync),
        new("The first answer to a linking request stays, for the same user alone, until its age.", AnswerAsync),
        new("Who waits for an answer to a linking request gets it when it comes.", WaitAsync),
        new("Who waits for an answer that does not come gets none when the time is over.", EndsAsync),
    ];

    private static async Task RecoveryAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone", "laptop").ConfigureAwait(false);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        IE2ERelay recovering = world.Connect(bob.UserId, "new-phone");
        Expect.That(await recovering.GetRecoveryCopyAsync(cancellationToken).ConfigureAwait(false) is null, "A copy that nobody put.");
        await bob["phone"].Relay.PutRecoveryCopyAsync(new byte[] { 1 }, cancellationToken).ConfigureAwait(false);
        await bob["laptop"].Relay.PutRecoveryCopyAsync(new byte[RelayLimits.MaxRecoveryCopySize], cancellationToken).ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.LimitExceeded,
            () => bob["phone"].Relay.PutRecoveryCopyAsync(new byte[RelayLimits.MaxRecoveryCopySize + 1], cancellationToken),
            "A long copy").ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.UnknownDevice, () => recovering.PutRecoveryCopyAsync(new byte[] { 2 }, cancellationToken), "By an unlisted device").ConfigureAwait(false);
        Expect.Same(new byte[RelayLimits.MaxRecoveryCopySize], await recovering.GetRecoveryCopyAsync(cancellationToken).ConfigureAwait(false), "The copy");
        Expect.That(await alice.Relay.GetRecoveryCopyAsync(cancellationToken).ConfigureAwait(false) is null, "Another user's copy.");
    }

    private static async Task AnswerAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        IE2ERelay linking = world.Connect(bob.UserId, "laptop");
        byte[] request = RelayWorld.NewId();
        await alice.Relay.PutLinkAnswerAsync(request, new byte[] { 66 }, cancellationToken).ConfigureAwait(false);
        Expect.That(await linking.GetLinkAnswerAsync(request, TimeSpan.Zero, cancellationToken).ConfigureAwait(false) is null, "Another user's answer.");
        await Expect.RefusedAsync(
            E2EError.UnknownDevice, () => linking.PutLinkAnswerAsync(request, new byte[] { 5 }, cancellationToken), "By an unlisted device").ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.LimitExceeded,
            () => bob["phone"].Relay.PutLinkAnswerAsync(request, new byte[RelayLimits.MaxLinkAnswerSize + 1], cancellationToken),
            "A long answer").ConfigureAwait(false);
        await bob["phone"].Relay.PutLinkAnswerAsync(request, new byte[] { 1 }, cancellationToken).ConfigureAwait(false);
        await bob["phone"].Relay.PutLinkAnswerAsync(request, new byte[] { 2 }, cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < 2; i++)
        {
            Expect.Same(
                new byte[] { 1 }, await linking.GetLinkAnswerAsync(request, TimeSpan.Zero, cancellationToken).ConfigureAwait(false), "The answer");
        }

        world.Clock.Advance(RelayLimits.LinkAnswerAge);
        Expect.That(await linking.GetLinkAnswerAsync(request, TimeSpan.Zero, cancellationToken).ConfigureAwait(false) is null, "An answer past its age.");
    }

    private static async Task WaitAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        IE2ERelay linking = world.Connect(bob.UserId, "laptop");
        for (byte i = 0; i < 10; i++)
        {
            byte[] request = RelayWorld.NewId();
            Task<byte[]?> waiting = linking.GetLinkAnswerAsync(request, RelayLimits.MaxWait, cancellationToken);
            await bob["phone"].Relay.PutLinkAnswerAsync(request, new[] { i }, cancellationToken).ConfigureAwait(false);
            Expect.Same(new[] { i }, await waiting.ConfigureAwait(false), "The answer");
        }
    }

    private static async Task EndsAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        Task<byte[]?> waiting = bob["phone"].Relay.GetLinkAnswerAsync(RelayWorld.NewId(), RelayLimits.MaxWait, cancellationToken);
        Expect.That(await world.PassTimeAsync(waiting).ConfigureAwait(false) is null, "An answer to nothing.");
    }
}
