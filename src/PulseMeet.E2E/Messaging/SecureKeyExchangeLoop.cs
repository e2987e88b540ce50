using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;

namespace PulseMeet.E2E;

/// <summary>Two devices that exist for a moment: handshake, message, answer.</summary>
internal static class SecureKeyExchangeLoop
{
    private static readonly PreKeyOptions s_preKeys = new() { OneTimePairs = 1 };

    /// <returns>Whether both read what the other wrote.</returns>
    public static bool Run(TimeProvider time)
    {
        var options = new RatchetOptions();
        using var account = Ed25519KeyPair.Generate();
        using DeviceIdentity one = DeviceIdentity.Create(account, new DeviceAddress("one", "1"), time);
        using DeviceIdentity other = DeviceIdentity.Create(account, new DeviceAddress("other", "1"), time);
        using DevicePreKeys preKeys = DevicePreKeys.Create(other, s_preKeys, time);
        PreKeyPublication published = preKeys.PreparePublication(directory: default);
        var bundle = new PreKeyBundle(published.Certificate, published.SignedPair, published.OneTimePairs[0]);
        using RatchetSession from = RatchetSession.Initiate(
            one, new ExpectedPeer(other.Address, account.PublicKey), bundle, options, s_preKeys, time);
        AcceptedSession accepted = RatchetSession.Accept(
            preKeys, new ExpectedPeer(one.Address, account.PublicKey), from.Seal("there"u8), options, time);
        using RatchetSession to = accepted.Session;
        return PublicBytes.Equal(accepted.Plaintext.Span, "there"u8) && PublicBytes.Equal(from.Open(to.Seal("and back"u8)), "and back"u8);
    }
}
