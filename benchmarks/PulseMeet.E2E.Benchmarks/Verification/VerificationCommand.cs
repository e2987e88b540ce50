using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Benchmarks.Verification;

/// <summary>What comparing with a contact costs: <c>--verification</c>.</summary>
internal static class VerificationCommand
{
    public static int Run()
    {
        using var first = Ed25519KeyPair.Generate();
        using var second = Ed25519KeyPair.Generate();
        var alice = new AccountIdentity("alice", first.PublicKey);
        var bob = new AccountIdentity("bob", second.PublicKey);
        SafetyNumber number = SafetyNumber.Of(alice, bob);
        VerificationCode own = VerificationCode.Of(alice, bob);
        byte[] scanned = VerificationCode.Of(bob, alice).ToArray();
        string digits = number.ToString();
        string words = number.ToWords();
        using DeviceIdentity device = DeviceIdentity.Create(first, new DeviceAddress("alice", "phone"), TimeProvider.System);
        var verifier = new SecureKeyExchangeVerifier(TimeProvider.System);
        Measurement[] rows =
        [
            Stopwatching.Measure("safety number of two accounts", new(() => SafetyNumber.Of(alice, bob))),
            Stopwatching.Measure("reading its digits", new(() => SafetyNumber.Parse(digits))),
            Stopwatching.Measure("reading its words", new(() => SafetyNumber.ParseWords(words))),
            Stopwatching.Measure("comparing a scanned code", new(() => own.Compare(scanned))),
            Stopwatching.Measure("comparing by voice, both sides", new(() =>
            {
                var initiator = new ShortAuthenticationInitiator(alice, bob, "call"u8);
                var responder = new ShortAuthenticationResponder(bob, alice, "call"u8, initiator.Commit());
                initiator.Reveal(responder.Answer(), out byte[] reveal);
                responder.Finish(reveal);
            })),
            Stopwatching.Measure(
                "the self-check without a relay", new(() => verifier.VerifySecureKeyExchangeAsync(device).GetAwaiter().GetResult())),
        ];
        Table.Print(rows
            .Select(row => new[] { row.Id, Table.Duration(row.Mean), Table.Number(row.Allocated, "0") + " B" })
            .Prepend(["", "mean", "allocated"]));
        return 0;
    }
}
