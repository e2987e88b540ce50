using System.Globalization;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>The current key schedule.</summary>
internal sealed class DerivationVectors : IVectorTopic
{
    public string FileName => "derivation.json";

    public string Description => "Key schedule: X25519, HKDF-SHA-256, labelled and length-prefixed info strings.";

    public JsonArray Write() =>
    [
        Vector("dm_alice_bob", ConversationKind.Direct, 0, "photo-1"),
        Vector("dm_alice_bob", ConversationKind.Direct, 1, "photo-1"),
        Vector("Şebnem's pulse 👋", ConversationKind.Pulse, ulong.MaxValue, "vidéo"),
    ];

    public IEnumerable<string> Differences(JsonObject vector) => Compare(vector, Compute(vector));

    private static JsonObject Vector(string id, ConversationKind kind, ulong epoch, string mediaId)
    {
        var vector = new JsonObject
        {
            ["own_private"] = Hex(Fixed("own")),
            ["peer_private"] = Hex(Fixed("peer")),
            ["salt"] = KeyDerivationOptions.DefaultSalt,
            ["conversation_id"] = id,
            ["kind"] = (int)kind,
            ["epoch"] = epoch.ToString(CultureInfo.InvariantCulture),
            ["media_id"] = mediaId,
            ["master_key"] = Hex(Fixed("master")),
            ["user_id"] = "alice",
            ["device_id"] = "phone",
            ["backup_id"] = "2026-03",
        };
        AddTo(vector, Compute(vector));

        return vector;
    }

    private static JsonObject Compute(JsonObject vector)
    {
        using X25519KeyPair own = X25519KeyPair.Import(Bytes(vector, "own_private"));
        using X25519KeyPair peer = X25519KeyPair.Import(Bytes(vector, "peer_private"));
        using MasterKey master = MasterKey.Import(Bytes(vector, "master_key"));
        var service = new KeyDerivationService(new KeyDerivationOptions { Salt = Text(vector, "salt") }, TimeProvider.System);
        var context = new ConversationContext(
            Text(vector, "conversation_id"),
            (ConversationKind)(int)Number(vector, "kind"),
            ulong.Parse(Text(vector, "epoch"), CultureInfo.InvariantCulture));
        using ConversationKeys keys = service.DeriveConversationKeys(own, peer.PublicKey, context);
        byte[] sharedSecret = new byte[32];
        byte[] prk = new byte[32];
        own.Agree(peer.PublicKey, sharedSecret);
        Hkdf.Extract(sharedSecret, System.Text.Encoding.UTF8.GetBytes(Text(vector, "salt")), prk);
        return new JsonObject
        {
            ["own_public"] = own.PublicKey.ToHex(),
            ["peer_public"] = peer.PublicKey.ToHex(),
            ["shared_secret"] = Hex(sharedSecret),
            ["prk"] = Hex(prk),
            ["conversation_key"] = Hex(keys.Conversation),
            ["media_key"] = Hex(keys.Media),
            ["authentication_key"] = Hex(keys.Authentication),
            ["archive_key"] = Hex(service.DeriveArchiveKey(own, peer.PublicKey, context)),
            ["shared_archive_key"] = Hex(service.DeriveArchiveKey(Bytes(vector, "master_key"), context)),
            ["media_file_key"] = Hex(service.DeriveMediaFileKey(keys.Media, Text(vector, "media_id"))),
            ["device_key"] = Hex(service.DeriveDeviceKey(
                master, new DeviceAddress(Text(vector, "user_id"), Text(vector, "device_id")))),
            ["backup_key"] = Hex(service.DeriveBackupKey(master, Text(vector, "user_id"), Text(vector, "backup_id"))),
        };
    }
}
