using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Tests.Verification;

/// <summary>Accounts whose keys follow from a number, so that a failing property can be run again.</summary>
internal static class Accounts
{
    public static readonly DateTimeOffset Monday = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    public static AccountIdentity Alice { get; } = Of("alice", 1);

    public static AccountIdentity Bob { get; } = Of("bob", 2);

    public static AccountIdentity Of(string userId, int key) => new(userId, Key(key));

    public static Ed25519PublicKey Key(int number)
    {
        byte[] seed = new byte[Ed25519KeyPair.PrivateKeySize];
        BitConverter.TryWriteBytes(seed, number);
        using Ed25519KeyPair pair = Ed25519KeyPair.Import(seed);
        return pair.PublicKey;
    }
}
