using System.Text.Json.Nodes;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>PQXDH from both sides, with and without a one-time pair: publication, bundle, transcript, and a whole first message with the
/// responder's stored prekeys that open it.</summary>
internal sealed class HandshakeVectors : IVectorTopic
{
    private static readonly DateTimeOffset s_time = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public string FileName => "handshake.json";

    public string Description =>
        "PQXDH: certificates, prekey pairs, publication and bundle, transcript, first root and header keys, a whole first message, and the "
        + "responder's stored prekeys that open it.";

    public bool IsFresh => true;

    public JsonArray Write() => [Vector(oneTime: true), Vector(oneTime: false)];

    public IEnumerable<string> Differences(JsonObject vector)
    {
        foreach (string name in Compare(vector, Compute(vector)))
        {
            yield return name;
        }

        foreach (string name in Opened(vector))
        {
            yield return name;
        }
    }

    private static JsonObject Vector(bool oneTime)
    {
        using MlKemKeyPair kem = MlKemKeyPair.Import(
            oneTime ? [.. Fixed("one-time kem d"), .. Fixed("one-time kem z")] : [.. Fixed("kem d"), .. Fixed("kem z")]);
        byte[] ciphertext = new byte[MlKem768.CiphertextSize];
        byte[] kemSecret = new byte[32];
        MlKem768.TryEncapsulate(kem.PublicKey.Span, ciphertext, kemSecret);
        var vector = new JsonObject();
        foreach (string side in new[] { "initiator", "responder" })
        {
            vector[side + "_account_private"] = Hex(Fixed(side + " account"));
            vector[side + "_identity_private"] = Hex(Fixed(side + " identity"));
            vector[side + "_signing_private"] = Hex(Fixed(side + " signing"));
            vector[side + "_mls_private"] = Hex(Fixed(side + " MLS"));
            vector[side + "_user_id"] = side;
            vector[side + "_device_id"] = "phone";
        }

        vector["not_before"] = s_time.ToUnixTimeSeconds();
        vector["not_after"] = s_time.AddYears(1).ToUnixTimeSeconds();
        vector["created"] = s_time.ToUnixTimeSeconds();
        vector["salt"] = "PulseMeet-E2E-Salt-v1";
        vector["signed_pair_id"] = 1;
        vector["signed_curve_private"] = Hex(Fixed("signed prekey"));
        vector["signed_kem_seed"] = Hex([.. Fixed("kem d"), .. Fixed("kem z")]);
        vector["one_time_pair_id"] = 2;
        vector["one_time_curve_private"] = Hex(Fixed("one-time prekey"));
        vector["one_time_kem_seed"] = Hex([.. Fixed("one-time kem d"), .. Fixed("one-time kem z")]);
        vector["uses_one_time_pair"] = oneTime;
        vector["ephemeral_private"] = Hex(Fixed("ephemeral"));
        vector["kem_ciphertext"] = Hex(ciphertext);
        vector["app_associated_data"] = Hex("dm_alice_bob"u8);
        vector["plaintext"] = Hex("See you there."u8);
        JsonObject computed = Compute(vector);
        AddTo(vector, computed);
        vector["first_message"] = Hex(FirstMessageOf(vector));
        return vector;
    }

    private static JsonObject Compute(JsonObject vector)
    {
        using DeviceIdentity initiator = FixedDevice.Read(vector, "initiator");
        using DeviceIdentity responder = FixedDevice.Read(vector, "responder");
        using X25519KeyPair ephemeral = X25519KeyPair.Import(Bytes(vector, "ephemeral_private"));
        using var pairs = new FixedPairs(vector, responder);
        bool usesOneTime = (bool)vector["uses_one_time_pair"]!;
        byte[] ciphertext = Bytes(vector, "kem_ciphertext");
        byte[] kemSecret = new byte[32];
        (usesOneTime ? pairs.OneTimeKem : pairs.SignedKem).Decapsulate(ciphertext, kemSecret);

        var publication = new PreKeyPublication(responder.Certificate, pairs.Signed, [pairs.OneTime]);
        byte[] encodedBundle = PreKeyBundle.Assemble(
            responder.Certificate.Encoded, pairs.Signed.Encode(), usesOneTime ? pairs.OneTime.Encode() : []);
        PreKeyBundle bundle = PreKeyBundle.Decode(encodedBundle);
        byte[] transcript = new byte[32];
        Pqxdh.HashTranscript(
            initiator.Certificate, responder.Certificate, pairs.Signed.Content, usesOneTime ? pairs.OneTime.Content : default,
            ephemeral.PublicKey, ciphertext, transcript);
        using HandshakeSecrets ofInitiator = Pqxdh.Initiate(initiator, ephemeral, bundle, kemSecret, transcript);
        using HandshakeSecrets ofResponder = Pqxdh.Accept(
            responder, pairs.SignedCurve, usesOneTime ? pairs.OneTimeCurve : null, initiator.Certificate.IdentityKey,
            ephemeral.PublicKey, kemSecret, transcript);
        HandshakeHeader header = Header(vector, initiator, ephemeral);
        return new JsonObject
        {
            ["initiator_certificate"] = Hex(initiator.Certificate.Encoded),
            ["responder_certificate"] = Hex(responder.Certificate.Encoded),
            ["profile_hash"] = Hex(SharedProfile.FromSalt(Text(vector, "salt")).Hash),
            ["signed_pair_signed_content"] = Hex(pairs.Signed.Content),
            ["signed_pair"] = Hex(pairs.Signed.Encode()),
            ["one_time_pair_signed_content"] = Hex(pairs.OneTime.Content),
            ["one_time_pair"] = Hex(pairs.OneTime.Encode()),
            ["publication"] = Hex(publication.Encode()),
            ["publication_hash"] = Hex(publication.Hash.Span),
            ["bundle"] = Hex(encodedBundle),
            ["ephemeral_public"] = ephemeral.PublicKey.ToHex(),
            ["kem_secret"] = Hex(kemSecret),
            ["transcript"] = Hex(transcript),
            ["handshake_header"] = Hex(header.Encoded),
            ["handshake_header_hash"] = Hex(Sha256.Hash(header.Encoded)),
            ["handshake_hash"] = Hex(header.HashOfHandshake()),
            ["root_key"] = Hex(ofInitiator.RootKey),
            ["initiator_header_key"] = Hex(ofInitiator.InitiatorHeaderKey),
            ["responder_next_header_key"] = Hex(ofInitiator.ResponderNextHeaderKey),
            ["both_sides_agree"] = ofInitiator.RootKey.FixedTimeEquals(ofResponder.RootKey)
                && ofInitiator.InitiatorHeaderKey.FixedTimeEquals(ofResponder.InitiatorHeaderKey)
                && ofInitiator.ResponderNextHeaderKey.FixedTimeEquals(ofResponder.ResponderNextHeaderKey),
            ["responder_stored_prekeys"] = Hex(pairs.Stored()),
        };
    }

    /// <summary>The first message opens with the responder's stored prekeys, and gives the plaintext.</summary>
    private static IEnumerable<string> Opened(JsonObject vector)
    {
        using DeviceIdentity responder = FixedDevice.Read(vector, "responder");
        using DeviceIdentity initiator = FixedDevice.Read(vector, "initiator");
        var clock = new FixedClock(s_time);
        using var preKeys = DevicePreKeys.Deserialize(
            Bytes(vector, "responder_stored_prekeys"), responder, new PreKeyOptions(), clock);
        AcceptedSession accepted = RatchetSession.Accept(
            preKeys,
            new ExpectedPeer(initiator.Address, initiator.Certificate.AccountKey),
            Bytes(vector, "first_message"),
            new RatchetOptions(),
            clock,
            Bytes(vector, "app_associated_data"));
        using RatchetSession session = accepted.Session;
        if (Hex(accepted.Plaintext.Span) != Text(vector, "plaintext"))
        {
            yield return "first_message";
        }
    }

    /// <summary>The initiator's first message: its ratchet key and nonce are random, so that it is made once and then opened.</summary>
    private static byte[] FirstMessageOf(JsonObject vector)
    {
        using DeviceIdentity initiator = FixedDevice.Read(vector, "initiator");
        using DeviceIdentity responder = FixedDevice.Read(vector, "responder");
        using X25519KeyPair ephemeral = X25519KeyPair.Import(Bytes(vector, "ephemeral_private"));
        using var pairs = new FixedPairs(vector, responder);
        using var secrets = new HandshakeSecrets(
            Bytes(vector, "transcript"),
            [.. Bytes(vector, "root_key"), .. Bytes(vector, "initiator_header_key"), .. Bytes(vector, "responder_next_header_key")]);
        using RatchetState state = RatchetState.Initiator(secrets, pairs.SignedCurve.PublicKey);
        HandshakeHeader header = Header(vector, initiator, ephemeral);
        byte[] plaintext = Bytes(vector, "plaintext");
        byte[] message = new byte[RatchetMessage.PrefixSize + header.Encoded.Length + RatchetMessage.BodyAt
            + Sealing.SealedBody.GetSealedLength(plaintext.Length, Sealing.PaddingScheme.Default)];
        Span<byte> inner = FirstMessage.Write(header.Encoded, message);
        RatchetSealing.Seal(state, plaintext, FirstMessage.Bind(header.Encoded, Bytes(vector, "app_associated_data")), inner);
        return message;
    }

    private static HandshakeHeader Header(JsonObject vector, DeviceIdentity initiator, X25519KeyPair ephemeral) =>
        HandshakeHeader.Create(
            initiator.Certificate,
            new PreKeyNames(
                (uint)Number(vector, "signed_pair_id"),
                (bool)vector["uses_one_time_pair"]! ? (uint)Number(vector, "one_time_pair_id") : null),
            ephemeral.PublicKey,
            Bytes(vector, "kem_ciphertext"));
}
