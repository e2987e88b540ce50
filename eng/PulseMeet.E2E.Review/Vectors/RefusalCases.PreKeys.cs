using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <content>Prekeys, and whatever they stand in.</content>
internal static partial class RefusalCases
{
    private static readonly byte[] s_notReduced = [0xff, 0xff, 0xff];

    private static IEnumerable<JsonObject> Pairs(RefusalWorld world)
    {
        byte[] signed = world.Pairs.Signed.Encode();
        byte[] oneTime = world.Pairs.OneTime.Encode();
        JsonObject Signed(string what, byte[] input, E2EError reason) =>
            world.Case("signed pair: " + what, "signed pair", input, reason, signed);
        JsonObject OneTime(string what, byte[] input, E2EError reason) =>
            world.Case("one-time pair: " + what, "one-time pair", input, reason, oneTime);

        yield return Signed("too short", signed[..^1], E2EError.InvalidEncoding);
        yield return Signed("a byte behind it", [.. signed, 0], E2EError.InvalidEncoding);
        yield return Signed("a flag of 2", With(signed, 76, [2]), E2EError.InvalidEncoding);
        yield return Signed("a time in the year 10000", With(signed, 4, Int64(253402300800)), E2EError.InvalidEncoding);
        yield return Signed("an X25519 key of low order", With(signed, 12, s_lowOrder), E2EError.InvalidPublicKey);
        yield return Signed("an ML-KEM key that is not reduced", With(signed, 77, s_notReduced), E2EError.InvalidPublicKey);
        yield return Signed("another id than the one signed", With(signed, 0, UInt32(2)), E2EError.InvalidSignature);
        yield return Signed("another time than the one signed", With(signed, 4, Int64(s_time.ToUnixTimeSeconds() + 1)), E2EError.InvalidSignature);
        yield return Signed("another profile than the one signed", With(signed, 44, Fixed("profile")), E2EError.InvalidSignature);
        yield return Signed("another ML-KEM key than the one signed", [.. signed[..77], .. oneTime[48..^64], .. signed[^64..]], E2EError.InvalidSignature);
        yield return OneTime("too short", oneTime[..^1], E2EError.InvalidEncoding);
        yield return OneTime("a byte behind it", [.. oneTime, 0], E2EError.InvalidEncoding);
        yield return OneTime("an id that is not greater than its generation", With(oneTime, 0, UInt32(1)), E2EError.InvalidEncoding);
        yield return OneTime("an X25519 key of low order", With(oneTime, 16, s_lowOrder), E2EError.InvalidPublicKey);
        yield return OneTime("an ML-KEM key that is not reduced", With(oneTime, 48, s_notReduced), E2EError.InvalidPublicKey);
        yield return OneTime("another generation than the one signed", With(oneTime, 4, UInt32(0)), E2EError.InvalidSignature);
        yield return OneTime("another time than the one signed", With(oneTime, 8, Int64(s_time.ToUnixTimeSeconds() + 1)), E2EError.InvalidSignature);
    }

    private static IEnumerable<JsonObject> Publications(RefusalWorld world)
    {
        byte[] certificate = world.Bob.Certificate.Encode();
        byte[] start = [1, (byte)(certificate.Length >> 8), (byte)certificate.Length, .. certificate];
        byte[] signed = world.Pairs.Signed.Encode();
        byte[] one = world.Pairs.OneTime.Encode();
        byte[] good = [.. start, .. signed, 0, 1, .. one];
        JsonObject Case(string what, byte[] input, E2EError reason, long later = 0) =>
            world.Case("publication: " + what, "publication", input, reason, good, later);

        yield return Case("too short", good[..^1], E2EError.InvalidEncoding);
        yield return Case("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        yield return Case("version 2", With(good, 0, [2]), E2EError.UnsupportedVersion);
        yield return Case("a certificate longer than all of it", With(good, 1, [0xff, 0xff]), E2EError.InvalidEncoding);
        yield return Case("501 one-time pairs", [.. start, .. signed, 1, 245], E2EError.LimitExceeded);
        yield return Case("a one-time pair twice", [.. start, .. signed, 0, 2, .. one, .. one], E2EError.InvalidEncoding);
        yield return Case("a one-time pair of another generation", [.. start, .. signed, 0, 1, .. world.Later.OneTime.Encode()], E2EError.InvalidEncoding);
        yield return Case("a signed pair without its ML-KEM key", [.. start, .. world.Pairs.Signed.WithoutKemKey().Encode(), 0, 0], E2EError.KemKeyMissing);
        yield return Case("a one-time pair that does not verify", With(good, good.Length - 1, [(byte)(good[^1] ^ 1)]), E2EError.InvalidSignature);
        yield return Case("a certificate that is not valid yet", good, E2EError.Expired, -301);
    }

    private static IEnumerable<JsonObject> Bundles(RefusalWorld world)
    {
        byte[] certificate = world.Bob.Certificate.Encode();
        byte[] good = PreKeyBundle.Assemble(certificate, world.Pairs.Signed.Encode(), world.Pairs.OneTime.Encode());
        JsonObject Case(string what, byte[] input, E2EError reason, long later = 0, Action<JsonObject>? change = null)
        {
            JsonObject vector = world.Case("bundle: " + what, "bundle", input, reason, change is null ? good : null, later);
            change?.Invoke(vector);
            return vector;
        }

        byte[] mixed = new PreKeyBundle(world.Bob.Certificate, world.Later.Signed, world.Pairs.OneTime).Encode();
        SignedPreKeyPair otherSalt = SignedPreKeyPair.Sign(
            world.Bob.SigningKey, 1, s_time, world.Pairs.SignedCurve.PublicKey, world.Pairs.SignedKem.PublicKey, SharedProfile.FromSalt("another"));
        OneTimePreKeyPair ahead = OneTimePreKeyPair.Sign(
            world.Bob.SigningKey, 2, 1, s_time.AddSeconds(301), world.Pairs.OneTimeCurve.PublicKey, world.Pairs.OneTimeKem.PublicKey);
        const long SixtyDays = 60 * 86400;
        yield return Case("too short", good[..^1], E2EError.InvalidEncoding);
        yield return Case("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        yield return Case("version 1", With(good, 0, [1]), E2EError.UnsupportedVersion);
        yield return Case("a certificate longer than all of it", With(good, 1, [0xff, 0xff]), E2EError.InvalidEncoding);
        yield return Case(
            "a certificate with a byte behind it", [2, (byte)((certificate.Length + 1) >> 8), (byte)(certificate.Length + 1), .. certificate, 0, .. good[(3 + certificate.Length)..]],
            E2EError.InvalidEncoding);
        yield return Case("no ML-KEM key at all", [.. good[..^1297], 0], E2EError.KemKeyMissing);
        yield return Case("another device", good, E2EError.WrongIdentity, 0, vector => vector["device_id"] = "tablet");
        yield return Case(
            "another account key than the one remembered", good, E2EError.AccountKeyChanged, 0,
            vector => vector["account_key"] = world.Anna.Certificate.AccountKey.ToHex());
        yield return Case("a signed pair that does not verify", With(good, good.Length - 1298, [(byte)(good[^1298] ^ 1)]), E2EError.InvalidSignature);
        yield return Case("a one-time pair that does not verify", With(good, good.Length - 1, [(byte)(good[^1] ^ 1)]), E2EError.InvalidSignature);
        yield return Case("pairs older than 60 days", good, E2EError.Expired, SixtyDays + 1);
        yield return Case("a one-time pair from 5 minutes and a second ahead", new PreKeyBundle(world.Bob.Certificate, world.Pairs.Signed, ahead).Encode(), E2EError.Expired);
        yield return Case("a one-time pair of another generation", mixed, E2EError.Expired);
        yield return Case("another profile", new PreKeyBundle(world.Bob.Certificate, otherSalt, null).Encode(), E2EError.ProfileMismatch);
        yield return Case("one's own certificate has run out", good, E2EError.Expired, world.End - s_time.ToUnixTimeSeconds() + 1);
    }

    private static IEnumerable<JsonObject> StoredPreKeys(RefusalWorld world)
    {
        byte[] good = world.Pairs.Stored();
        const int GenerationAt = 1 + 4 + 1;
        const int AcceptedAt = GenerationAt + 8 + 1325 + 32 + 64;
        const int OneTimeAt = AcceptedAt + 6 + 2;
        byte[] generation = good[GenerationAt..(AcceptedAt + 6)];
        byte[] oneTime = good[OneTimeAt..];
        JsonObject Case(string what, byte[] input, E2EError reason) =>
            world.Case("stored prekeys: " + what, "stored prekeys", input, reason, good);

        yield return Case("too short", good[..^1], E2EError.InvalidEncoding);
        yield return Case("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        yield return Case("version 1", With(good, 0, [1]), E2EError.UnsupportedVersion);
        yield return Case("no generation", [.. good[..5], 0, 0, 0], E2EError.InvalidEncoding);
        yield return Case("65 generations", With(good, 5, [65]), E2EError.LimitExceeded);
        yield return Case("a current generation with a time of retirement", With(good, GenerationAt, Int64(0)), E2EError.InvalidEncoding);
        yield return Case("two current generations", [.. good[..5], 2, .. generation, .. generation, .. good[(AcceptedAt + 6)..]], E2EError.InvalidEncoding);
        yield return Case(
            "a generation twice", [.. good[..5], 2, .. generation, .. With(generation, 0, Int64(0)), .. good[(AcceptedAt + 6)..]], E2EError.InvalidEncoding);
        yield return Case("a signed pair that is not the device's", With(good, GenerationAt + 8, world.Pairs.Signed.Encode()[..4].Select(b => (byte)(b ^ 1)).ToArray()), E2EError.InvalidSignature);
        yield return Case("a next id that is taken", With(good, 1, UInt32(2)), E2EError.InvalidEncoding);
        yield return Case("1,025 accepted first messages with a one-time pair", With(good, AcceptedAt, [4, 1]), E2EError.LimitExceeded);
        yield return Case("an accepted first message twice", [.. good[..AcceptedAt], 0, 2, .. Fixed("e"), .. Fixed("e"), .. good[(AcceptedAt + 2)..]], E2EError.InvalidEncoding);
        yield return Case("8,193 accepted from known accounts", With(good, AcceptedAt + 2, [0x20, 1]), E2EError.LimitExceeded);
        yield return Case("1,025 accepted from others", With(good, AcceptedAt + 4, [4, 1]), E2EError.LimitExceeded);
        yield return Case("2,001 one-time pairs", With(good, AcceptedAt + 6, [7, 0xd1]), E2EError.LimitExceeded);
        yield return Case("a one-time pair twice", [.. good[..(AcceptedAt + 6)], 0, 2, .. oneTime, .. oneTime], E2EError.InvalidEncoding);
        yield return Case("a one-time pair of no generation that is there", With(good, OneTimeAt + 4, UInt32(0)), E2EError.InvalidEncoding);
        yield return Case("a one-time X25519 key of low order", With(good, OneTimeAt + 16, s_lowOrder), E2EError.InvalidPublicKey);
    }
}
