using System.Text.Json;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Review.Wycheproof;

/// <summary>X25519 and Ed25519.</summary>
internal static class CurveChecks
{
    private const string Backend = "managed";

    public static IEnumerable<Check> All =>
    [
        Agreement(Backend, ManagedX25519.Instance),
        Agreement("libcrypto", LibcryptoX25519.IsSupported ? LibcryptoX25519.Instance : null),
        new("EDDSA", ["EddsaVerify"], Backend, group => PublicKeyOf(group) is not null, Verifies),
    ];

    private static Check Agreement(string name, IX25519Backend? backend) => new(
        "XDH",
        ["XdhComp"],
        name,
        group => WycheproofFile.Text(group, "curve") is "curve25519" or "x25519",
        backend is null ? null : vector => Agrees(backend, vector));

    /// <summary>What the file calls acceptable has to give the file's secret too, but for the all-zero one, which has to be
    /// reported as not contributory.</summary>
    private static bool Agrees(IX25519Backend backend, Vector vector)
    {
        byte[] expected = vector.Bytes("shared");
        byte[] shared = new byte[X25519.KeySize];
        if (vector.Result == "invalid")
        {
            byte[] publicKey = vector.Bytes("public");
            return publicKey.Length != X25519.KeySize || !backend.TryAgree(vector.Bytes("private"), publicKey, shared);
        }

        bool contributory = backend.TryAgree(vector.Bytes("private"), vector.Bytes("public"), shared);
        return contributory == expected.Any(b => b != 0) && shared.AsSpan().SequenceEqual(expected);
    }

    /// <summary>By the key's bytes and by its decoded point.</summary>
    private static bool Verifies(Vector vector) =>
        Ed25519.Verify(PublicKeyOf(vector.Group), vector.Bytes("msg"), vector.Bytes("sig")) == vector.IsValid
        && (Ed25519.Decode(PublicKeyOf(vector.Group)) is not { } point
            || Ed25519.Verify(point, vector.Bytes("msg"), vector.Bytes("sig")) == vector.IsValid);

    private static byte[]? PublicKeyOf(JsonElement group)
    {
        foreach (string member in new[] { "publicKey", "key" })
        {
            if (group.TryGetProperty(member, out JsonElement key) && WycheproofFile.Text(key, "pk") is { Length: 64 } hex)
            {
                return Convert.FromHexString(hex);
            }
        }

        return null;
    }
}
