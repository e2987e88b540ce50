using System.Text.Json.Nodes;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <content>First messages.</content>
internal static partial class RefusalCases
{
    private const uint Most = RatchetLimits.MaxSkippedBeforeSession;

    private static IEnumerable<JsonObject> FirstMessages(RefusalWorld world)
    {
        byte[] certificate = world.Anna.Certificate.Encode();
        using X25519KeyPair ephemeral = X25519KeyPair.Import(Fixed("ephemeral"));
        byte[] header = HandshakeHeader.Create(
            world.Anna.Certificate, new PreKeyNames(1, 2), ephemeral.PublicKey, new byte[MlKem768.CiphertextSize]).Encoded.ToArray();
        byte[] inner = [1, 1, .. new byte[12 + 56 + 80]];

        // Everything is as it should be but for the ratchet message: refused at the very end.
        byte[] whole = [1, 2, .. header, .. inner];
        byte[] opens = [1, 2, .. header, .. InFirst(world, header, ephemeral, Most).Seal("good"u8.ToArray(), FirstMessage.Bind(header, []))];
        JsonObject Case(string what, byte[] input, E2EError reason, long later = 0, Action<JsonObject>? change = null)
        {
            JsonObject vector = world.Case("first message: " + what, "first message", input, reason, change is null ? opens : null, later);
            change?.Invoke(vector);
            return vector;
        }

        const int CertificateAt = 4;
        int namesAt = CertificateAt + certificate.Length;
        int ephemeralAt = namesAt + 9;
        byte[] accepted = world.Pairs.Stored();
        const int AcceptedAt = 1 + 4 + 1 + 8 + 1325 + 32 + 64;
        byte[] full = [.. Enumerable.Range(0, 64).SelectMany(i => (byte[])[.. Fixed("accepted " + i), .. Sha256.Hash(world.Anna.Certificate.AccountKey.Span)[..8]])];
        byte[] withoutOneTime = [.. whole[..(namesAt + 4)], 0, .. whole[ephemeralAt..]];
        yield return Case("a ratchet message that does not open", whole, E2EError.NotAuthentic);
        yield return Case("version 2", With(whole, 0, [2]), E2EError.UnsupportedVersion);
        yield return Case("type 1", With(whole, 1, [1]), E2EError.InvalidEncoding);
        yield return Case("type 3", With(whole, 1, [3]), E2EError.InvalidEncoding);
        yield return Case("too short", whole[..(2 + header.Length)], E2EError.InvalidEncoding);
        yield return Case("a first message within", [.. whole[..(2 + header.Length)], .. whole], E2EError.InvalidEncoding);
        yield return Case("a certificate longer than any", [1, 2, 1, 0xff, .. new byte[2000]], E2EError.LimitExceeded);
        yield return Case("a certificate of version 1", With(whole, CertificateAt, [1]), E2EError.UnsupportedVersion);
        yield return Case("another user", whole, E2EError.WrongIdentity, 0, vector => vector["user_id"] = "eve");
        yield return Case(
            "another account key than the one remembered", whole, E2EError.AccountKeyChanged, 0,
            vector => vector["account_key"] = world.Bob.Certificate.AccountKey.ToHex());
        yield return Case(
            "accepted before", whole, E2EError.ReplayedHandshake, 0,
            vector => vector["stored_prekeys"] = Hex([.. accepted[..AcceptedAt], 0, 1, .. ephemeral.PublicKey.Span, .. accepted[(AcceptedAt + 2)..]]));
        yield return Case("a signed pair that is not there", With(whole, namesAt, UInt32(7)), E2EError.UnknownPreKey);
        yield return Case("a one-time pair that is not there", With(whole, namesAt + 5, UInt32(7)), E2EError.UnknownPreKey);
        yield return Case(
            "without a one-time pair, from an account that has made 64 such", withoutOneTime, E2EError.LimitExceeded, 0,
            vector => vector["stored_prekeys"] = Hex([.. accepted[..(AcceptedAt + 2)], 0, 64, .. full, .. accepted[(AcceptedAt + 4)..]]));
        yield return Case("an ephemeral key of low order", With(whole, ephemeralAt, s_lowOrder), E2EError.InvalidPublicKey);
        yield return Case(
            "a certificate that does not verify", With(whole, namesAt - 1, [(byte)(certificate[^1] ^ 1)]), E2EError.InvalidSignature);
        yield return Case("30 days and a second after the certificate's end", whole, E2EError.Expired, world.End - s_time.ToUnixTimeSeconds() + (30 * 86400) + 1, vector => vector["stored_identity"] = Hex(world.Bob.Serialize()));
        yield return Case("5 minutes and a second before the certificate's beginning", whole, E2EError.Expired, -301);
        foreach (JsonObject vector in RatchetMessages())
        {
            yield return vector;
        }

        // What the ratchet message itself is refused for, under its own keys; the one that opens says that 2,000 went before it.
        IEnumerable<JsonObject> RatchetMessages()
        {
            FixedMessage last = InFirst(world, header, ephemeral, Most);
            byte[] bound = FirstMessage.Bind(header, []);
            JsonObject Inner(string what, FixedMessage message, E2EError reason) =>
                Case(what, [1, 2, .. header, .. message.Seal([1], bound)], reason);

            yield return Case("a ratchet message of version 2", With(opens, 2 + header.Length, [2]), E2EError.UnsupportedVersion);
            yield return Case("a body of 16 bytes", opens[..(2 + header.Length + RatchetMessage.BodyAt + 16)], E2EError.InvalidEncoding);
            yield return Case(
                "a body longer than any", opens[..(2 + header.Length + RatchetMessage.BodyAt)], E2EError.LimitExceeded, 0,
                vector => vector["zeros"] = SealedBody.MaxSealed + 1);
            yield return Inner("2,001 went before it", last with { Number = Most + 1 }, E2EError.TooFarAhead);
            yield return Inner("65,536 went before it", last with { Number = 65536 }, E2EError.TooFarAhead);
            yield return Inner("the number 2^32 - 1", last with { Number = uint.MaxValue }, E2EError.TooFarAhead);
            yield return Inner("a ratchet key of low order", last with { RatchetKey = s_lowOrder }, E2EError.InvalidPublicKey);
            yield return Case("a changed bit of the body", With(opens, opens.Length - 1, [(byte)(opens[^1] ^ 1)]), E2EError.NotAuthentic);
            yield return Case(
                "padding of zeros alone", [1, 2, .. header, .. last.SealPadded(new byte[64], bound)], E2EError.InvalidEncoding);
        }
    }

    /// <summary>A message of Anna's first chain.</summary>
    private static FixedMessage InFirst(RefusalWorld world, byte[] header, X25519KeyPair ephemeral, uint number)
    {
        byte[] ciphertext = header[^MlKem768.CiphertextSize..];
        byte[] transcript = new byte[Sha256.Size];
        Pqxdh.HashTranscript(
            world.Anna.Certificate, world.Bob.Certificate, world.Pairs.Signed.Content, world.Pairs.OneTime.Content,
            ephemeral.PublicKey, ciphertext, transcript);
        byte[] kemSecret = new byte[MlKem768.SharedSecretSize];
        world.Pairs.OneTimeKem.Decapsulate(ciphertext, kemSecret);
        using HandshakeSecrets secrets = Pqxdh.Accept(
            world.Bob, world.Pairs.SignedCurve, world.Pairs.OneTimeCurve, world.Anna.Certificate.IdentityKey, ephemeral.PublicKey, kemSecret, transcript);
        using X25519KeyPair ratchet = X25519KeyPair.Import(Fixed("ratchet"));
        byte[] step = FixedMessage.Step(
            Convert.FromHexString(Hex(secrets.RootKey)), Fixed("ratchet"), world.Pairs.SignedCurve.PublicKey);
        return new(
            transcript,
            Convert.FromHexString(Hex(secrets.InitiatorHeaderKey)),
            ratchet.PublicKey.Span.ToArray(),
            0,
            number,
            FixedMessage.KeyAt(step[32..64], 0, number),
            FixedMessage.NonceOf("refusals nonce"));
    }
}
