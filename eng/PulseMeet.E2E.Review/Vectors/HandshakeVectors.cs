using System.Text.Json.Nodes;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>PQXDH from both sides, with and without one-time prekeys.</summary>
internal sealed class HandshakeVectors : IVectorTopic
{
    private static readonly DateTimeOffset s_time = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public string FileName => "handshake.json";

    public string Description => "PQXDH: certificates, transcript, agreements, first root and header keys.";

    public JsonArray Write() => [Vector(oneTime: true), Vector(oneTime: false)];

    public IEnumerable<string> Differences(JsonObject vector) => Compare(vector, Compute(vector));

    private static JsonObject Vector(bool oneTime)
    {
        using MlKemKeyPair kem = MlKemKeyPair.Import([.. Fixed("kem d"), .. Fixed("kem z")]);
        byte[] ciphertext = new byte[MlKem768.CiphertextSize];
        byte[] kemSecret = new byte[32];
        MlKem768.TryEncapsulate(kem.PublicKey.Span, ciphertext, kemSecret);
        var vector = new JsonObject
        {
            ["initiator_account_private"] = Hex(Fixed("initiator account")),
            ["initiator_identity_private"] = Hex(Fixed("initiator identity")),
            ["initiator_signing_private"] = Hex(Fixed("initiator signing")),
            ["initiator_mls_private"] = Hex(Fixed("initiator MLS")),
            ["initiator_user_id"] = "initiator",
            ["initiator_device_id"] = "phone",
            ["responder_account_private"] = Hex(Fixed("responder account")),
            ["responder_identity_private"] = Hex(Fixed("responder identity")),
            ["responder_signing_private"] = Hex(Fixed("responder signing")),
            ["responder_mls_private"] = Hex(Fixed("responder MLS")),
            ["responder_user_id"] = "responder",
            ["responder_device_id"] = "phone",
            ["not_before"] = s_time.ToUnixTimeSeconds(),
            ["not_after"] = s_time.AddYears(1).ToUnixTimeSeconds(),
            ["signed_prekey_id"] = 1,
            ["signed_prekey_private"] = Hex(Fixed("signed prekey")),
            ["kem_prekey_id"] = 2,
            ["kem_prekey_is_last_resort"] = !oneTime,
            ["kem_prekey_seed"] = Hex(kem),
            ["one_time_prekey_id"] = oneTime ? 3 : null,
            ["one_time_prekey_private"] = oneTime ? Hex(Fixed("one-time prekey")) : null,
            ["ephemeral_private"] = Hex(Fixed("ephemeral")),
            ["kem_ciphertext"] = Hex(ciphertext),
        };
        AddTo(vector, Compute(vector));

        return vector;
    }

    private static JsonObject Compute(JsonObject vector)
    {
        using DeviceIdentity initiator = FixedDevice.Read(vector, "initiator");
        using DeviceIdentity responder = FixedDevice.Read(vector, "responder");
        using X25519KeyPair signed = X25519KeyPair.Import(Bytes(vector, "signed_prekey_private"));
        using MlKemKeyPair kem = MlKemKeyPair.Import(Bytes(vector, "kem_prekey_seed"));
        using X25519KeyPair? oneTime = vector["one_time_prekey_private"] is null
            ? null
            : X25519KeyPair.Import(Bytes(vector, "one_time_prekey_private"));
        using X25519KeyPair ephemeral = X25519KeyPair.Import(Bytes(vector, "ephemeral_private"));
        byte[] ciphertext = Bytes(vector, "kem_ciphertext");
        byte[] kemSecret = new byte[32];
        kem.Decapsulate(ciphertext, kemSecret);

        uint signedId = (uint)Number(vector, "signed_prekey_id");
        uint kemId = (uint)Number(vector, "kem_prekey_id");
        bool lastResort = (bool)vector["kem_prekey_is_last_resort"]!;
        var names = new PreKeyNames(signedId, kemId, lastResort, oneTime is null ? null : (uint)Number(vector, "one_time_prekey_id"));
        SignedPreKey signedPreKey = SignedPreKey.Sign(responder.SigningKey, signedId, s_time, signed.PublicKey);
        KemPreKey kemPreKey = KemPreKey.Sign(responder.SigningKey, kemId, s_time, lastResort, kem.PublicKey);
        OneTimePreKey? oneTimePreKey = oneTime is null ? null : new(names.OneTimePreKeyId!.Value, oneTime.PublicKey);
        var bundle = new PreKeyBundle(responder.Certificate, signedPreKey, kemPreKey, oneTimePreKey);
        byte[] transcript = new byte[32];
        Pqxdh.HashTranscript(
            initiator.Certificate, responder.Certificate, names, signed.PublicKey, kem.PublicKey, oneTime?.PublicKey,
            ephemeral.PublicKey, ciphertext, transcript);
        using HandshakeSecrets ofInitiator = Pqxdh.Initiate(initiator, ephemeral, bundle, kemSecret, transcript);
        using HandshakeSecrets ofResponder = Pqxdh.Accept(
            responder, signed, oneTime, initiator.Certificate.IdentityKey, ephemeral.PublicKey, kemSecret, transcript);
        return new JsonObject
        {
            ["initiator_certificate"] = Hex(initiator.Certificate.Encoded),
            ["responder_certificate"] = Hex(responder.Certificate.Encoded),
            ["signed_prekey"] = Hex(signedPreKey.Encoded),
            ["kem_prekey"] = Hex(kemPreKey.Encoded),
            ["bundle"] = Hex(bundle.ToArray()),
            ["ephemeral_public"] = ephemeral.PublicKey.ToHex(),
            ["kem_secret"] = Hex(kemSecret),
            ["transcript"] = Hex(transcript),
            ["handshake_header"] = Hex(HandshakeHeader.Create(
                initiator.Certificate, names, ephemeral.PublicKey, ciphertext).Encoded),
            ["root_key"] = Hex(ofInitiator.RootKey),
            ["initiator_header_key"] = Hex(ofInitiator.InitiatorHeaderKey),
            ["responder_next_header_key"] = Hex(ofInitiator.ResponderNextHeaderKey),
            ["both_sides_agree"] = ofInitiator.RootKey.FixedTimeEquals(ofResponder.RootKey)
                && ofInitiator.InitiatorHeaderKey.FixedTimeEquals(ofResponder.InitiatorHeaderKey)
                && ofInitiator.ResponderNextHeaderKey.FixedTimeEquals(ofResponder.ResponderNextHeaderKey),
        };
    }
}
