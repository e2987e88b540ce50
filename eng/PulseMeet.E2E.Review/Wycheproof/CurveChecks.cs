using System.Text.Json;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Review.Wycheproof;

/// <summary>X25519 and Ed25519.</summary>
internal static class CurveChecks
{
    private const string Backend = "managed";

    public static IEnumerable<Check> All =>
    [
        new(
            "XDH",
            ["XdhComp"],
            Backend,
            group => WycheproofFile.Text(group, "curve") is "curve25519" or "x25519",
            Agrees),
        new("EDDSA", ["EddsaVerify"], Backend, group => PublicKeyOf(group) is not null, Verifies),
    ];

    /// <summary>What the file calls acceptable has to give the file's secret too, but for the all-zero one, which has to be
    /// reported as not contributory.</summary>
    private static bool Agrees(Vector vector)
    {
        byte[] expected = vector.Bytes("shared");
        byte[] shared = new byte[X25519.KeySize];
        if (vector.Result == "invalid")
        {
            bool agreed = false;
            return Check.Refused(() => agreed = X25519.TryAgree(vector.Bytes("private"), vector.Bytes("public"), shared)) || !agreed;
        }

        bool contributory = X25519.TryAgree(vector.Bytes("private"), vector.Bytes("public"), shared);
        return contributory == expected.Any(b => b != 0) && shared.AsSpan().SequenceEqual(expected);
    }

    private static bool Verifies(Vector vector) =>
        Ed25519.Verify(PublicKeyOf(vector.Group), vector.Bytes("msg"), vector.Bytes("sig")) == vector.IsValid;

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
