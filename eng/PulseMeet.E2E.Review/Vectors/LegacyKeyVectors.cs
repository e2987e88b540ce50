using System.Globalization;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>The keys that the deployed client derives.</summary>
internal sealed class LegacyKeyVectors : IVectorTopic
{
    public string FileName => "legacy-keys.json";

    public string Description => "The legacy profiles v0 and v1: HKDF-SHA-256 over plain concatenations.";

    public JsonArray Write() => [Vector("dm_alice_bob", "1767225600123"), Vector("pulse-Şebnem", "0")];

    public IEnumerable<string> Differences(JsonObject vector) => Compare(vector, Compute(vector));

    private static JsonObject Vector(string conversationId, string rotatedAt)
    {
        var vector = new JsonObject
        {
            ["own_private"] = Hex(Fixed("own")),
            ["peer_private"] = Hex(Fixed("peer")),
            ["salt"] = LegacyKeyDerivation.DefaultSalt,
            ["conversation_id"] = conversationId,
            ["rotated_at_milliseconds"] = rotatedAt,
            ["media_id"] = "photo-1",
            ["master_key"] = Hex(Fixed("master")),
            ["user_id"] = "alice",
            ["device_id"] = "phone",
        };
        AddTo(vector, Compute(vector));
        return vector;
    }

    private static JsonObject Compute(JsonObject vector)
    {
        using X25519KeyPair own = X25519KeyPair.Import(Bytes(vector, "own_private"));
        using X25519KeyPair peer = X25519KeyPair.Import(Bytes(vector, "peer_private"));
        using MasterKey master = MasterKey.Import(Bytes(vector, "master_key"));
        var legacy = new LegacyKeyDerivation(Text(vector, "salt"));
        string conversationId = Text(vector, "conversation_id");
        using LegacyKey conversation = legacy.DeriveV1ConversationKey(own, peer.PublicKey, conversationId);
        using LegacyKey v0 = legacy.DeriveV0ConversationKey(own, peer.PublicKey, conversationId);
        using LegacyKey rotated = legacy.DeriveV1RotatedKey(
            own,
            peer.PublicKey,
            conversationId,
            DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(Text(vector, "rotated_at_milliseconds"), CultureInfo.InvariantCulture)));
        using LegacyKey pulse = legacy.DeriveV1PulseKey(own, conversationId);
        using LegacyKey media = legacy.DeriveV1MediaKey(conversation, Text(vector, "media_id"), conversationId);
        using LegacyKey authentication = legacy.DeriveV1AuthenticationKey(conversation, conversationId);
        using LegacyKey device = legacy.DeriveV1DeviceKey(master, Text(vector, "user_id"), Text(vector, "device_id"));
        return new JsonObject
        {
            ["v0_conversation_key"] = Hex(v0),
            ["v1_conversation_key"] = Hex(conversation),
            ["v1_rotated_key"] = Hex(rotated),
            ["v1_pulse_key"] = Hex(pulse),
            ["v1_media_key"] = Hex(media),
            ["v1_authentication_key"] = Hex(authentication),
            ["v1_device_key"] = Hex(device),
        };
    }
}
