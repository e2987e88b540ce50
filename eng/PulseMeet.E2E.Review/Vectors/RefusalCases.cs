using System.Buffers.Binary;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>The inputs of <see cref="IdentityRefusals"/>: good ones with one thing changed, signed again where the signature is not what is
/// tried.</summary>
internal static partial class RefusalCases
{
    private static readonly DateTimeOffset s_time = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly byte[] s_lowOrder = new byte[32];

    /// <summary>The identity point of Ed25519.</summary>
    private static readonly byte[] s_identityPoint = [1, .. new byte[31]];

    /// <summary>2^255 - 19 + 9: the base point in another encoding.</summary>
    private static readonly byte[] s_notCanonical = [0xf6, .. Enumerable.Repeat((byte)0xff, 30), 0x7f];

    public static IEnumerable<JsonObject> All()
    {
        var world = new RefusalWorld(s_time);
        return Certificates(world).Concat(Lists(world)).Concat(Pairs(world)).Concat(Publications(world)).Concat(Bundles(world))
            .Concat(StoredIdentities(world)).Concat(StoredPreKeys(world)).Concat(FirstMessages(world));
    }

    private static IEnumerable<JsonObject> Certificates(RefusalWorld world)
    {
        byte[] good = world.Bob.Certificate.Encode();
        JsonObject Case(string what, byte[] input, E2EError reason, long now = 0) =>
            world.Case("certificate: " + what, "certificate", input, reason, good, now);

        const int IdentityKeyAt = 1 + 2 + 3 + 2 + 5 + 32;
        int notAfterAt = good.Length - 72;
        yield return Case("too short", good[..^1], E2EError.InvalidEncoding);
        yield return Case("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        yield return Case("empty", [], E2EError.InvalidEncoding);
        yield return Case("version 1", With(good, 0, [1]), E2EError.UnsupportedVersion);
        yield return Case("version 3", With(good, 0, [3]), E2EError.UnsupportedVersion);
        yield return Case("an empty user id", [2, 0, 0, .. good[6..]], E2EError.InvalidEncoding);
        yield return Case("a user id of 65 bytes", [2, 0, 65, .. Enumerable.Repeat((byte)'a', 65), .. good[6..]], E2EError.InvalidEncoding);
        yield return Case("a user id that is not UTF-8", With(good, 3, [0xc3, 0x28]), E2EError.InvalidEncoding);
        yield return Case("a device id that is not UTF-8", With(good, 8, [0xff]), E2EError.InvalidEncoding);
        yield return Case("a user id longer than all of it", With(good, 1, [0xff, 0xff]), E2EError.InvalidEncoding);
        yield return Case("a time in the year 10000", With(good, notAfterAt, Int64(253402300800)), E2EError.InvalidEncoding);
        yield return Case("an identity key of low order", With(good, IdentityKeyAt, s_lowOrder), E2EError.InvalidPublicKey);
        yield return Case("an identity key that is not canonical", With(good, IdentityKeyAt, s_notCanonical), E2EError.InvalidPublicKey);
        yield return Case("a signing key that is the identity point", With(good, IdentityKeyAt + 32, s_identityPoint), E2EError.InvalidPublicKey);
        yield return Case("an MLS key that is the identity point", With(good, IdentityKeyAt + 64, s_identityPoint), E2EError.InvalidPublicKey);
        yield return Case("a later end than the one signed", With(good, notAfterAt, Int64(world.End + 1)), E2EError.InvalidSignature);
        yield return Case("6 minutes before its beginning", good, E2EError.Expired, -360);
        yield return Case("5 minutes and a second after its end", good, E2EError.Expired, world.End - s_time.ToUnixTimeSeconds() + 301);
    }

    private static IEnumerable<JsonObject> Lists(RefusalWorld world)
    {
        byte[] certificate = world.Bob.Certificate.Encode();
        byte[] tablet = world.Tablet.Certificate.Encode();
        byte[] stranger = world.Anna.Certificate.Encode();
        byte[] good = world.List(1, certificate, tablet);
        JsonObject Case(string what, byte[] input, E2EError reason, Action<JsonObject>? change = null, bool isGood = true)
        {
            JsonObject vector = world.Case("device list: " + what, "device list", input, reason, isGood ? good : null);
            change?.Invoke(vector);
            return vector;
        }

        byte[] brokenInside = With(certificate, certificate.Length - 1, [(byte)(certificate[^1] ^ 1)]);
        yield return Case("too short", good[..^1], E2EError.InvalidEncoding);
        yield return Case("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        yield return Case("version 2", With(good, 0, [2]), E2EError.UnsupportedVersion);
        yield return Case("a user id that is not UTF-8", With(good, 3, [0xc3, 0x28]), E2EError.InvalidEncoding);
        yield return Case("a certificate longer than all of it", With(good, 1 + 2 + 3 + 32 + 17, [0xff, 0xff]), E2EError.InvalidEncoding);
        yield return Case("number 0", world.List(0, certificate), E2EError.InvalidEncoding);
        yield return Case("no device", world.List(1), E2EError.InvalidEncoding);
        yield return Case("65 devices", With(world.List(1, certificate), 1 + 2 + 3 + 32 + 16, [65]), E2EError.LimitExceeded);
        yield return Case("devices in descending order", world.List(1, tablet, certificate), E2EError.InvalidEncoding);
        yield return Case("a device twice", world.List(1, certificate, certificate), E2EError.InvalidEncoding);
        yield return Case("another user's device", world.List(1, stranger), E2EError.WrongIdentity);
        yield return Case("a certificate that does not verify", world.List(1, brokenInside), E2EError.InvalidSignature);
        yield return Case("a changed number", With(good, 1 + 2 + 3 + 32 + 7, [2]), E2EError.InvalidSignature);
        yield return Case("another user's list", good, E2EError.WrongIdentity, vector => vector["user_id"] = "eve", isGood: false);
        yield return Case(
            "another account key than the one remembered", good, E2EError.AccountKeyChanged,
            vector => vector["account_key"] = world.Anna.Certificate.AccountKey.ToHex(), isGood: false);
        yield return Case(
            "signed 5 minutes and a second ahead", good, E2EError.Expired,
            vector => vector["now"] = s_time.ToUnixTimeSeconds() - 301, isGood: false);
        yield return Case(
            "older than one that was seen", good, E2EError.OutdatedDeviceList, vector => AddSeen(vector, 2, Fixed("a hash")), isGood: false);
        yield return Case(
            "the number of another one that was seen", good, E2EError.OutdatedDeviceList,
            vector => AddSeen(vector, 1, Fixed("a hash")), isGood: false);
        yield return Case(
            "a device that is not on it", good, E2EError.UnlistedDevice,
            vector => vector["certificate"] = Hex(stranger), isGood: false);
    }

    private static IEnumerable<JsonObject> StoredIdentities(RefusalWorld world)
    {
        byte[] good = world.Bob.Serialize();
        JsonObject Case(string what, byte[] input, E2EError reason) =>
            world.Case("stored identity: " + what, "stored identity", input, reason, good);

        yield return Case("too short", good[..^1], E2EError.InvalidEncoding);
        yield return Case("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        yield return Case("version 1", With(good, 0, [1]), E2EError.UnsupportedVersion);
        yield return Case("a certificate that does not verify", With(good, good.Length - 1, [(byte)(good[^1] ^ 1)]), E2EError.InvalidSignature);
        foreach ((string name, int at) in new[] { ("identity", 1), ("signing", 33), ("MLS", 65) })
        {
            yield return Case($"another {name} key", With(good, at, Fixed("another key")), E2EError.WrongIdentity);
        }
    }

    private static void AddSeen(JsonObject vector, long number, byte[] hash)
    {
        vector["seen_number"] = number;
        vector["seen_hash"] = Hex(hash);
    }

    private static byte[] With(byte[] good, int at, byte[] bytes) => [.. good[..at], .. bytes, .. good[(at + bytes.Length)..]];

    private static byte[] Int64(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] UInt32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
