using System.Globalization;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Messaging;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Contents, message ids and what an envelope authenticates; envelopes' ids; with contents that have to be refused.</summary>
internal sealed class MessagingVectors : IVectorTopic
{
    public string FileName => "messaging.json";

    public string Description => "Contents of messages between devices, their ids, envelopes' ids and associated data, and refusals.";

    public JsonArray Write()
    {
        MessageId target = new(Fixed("target").AsSpan(0, 16));
        ConversationName direct = ConversationName.Direct("bob", "alice");
        ConversationName pulse = ConversationName.Pulse(Fixed("group"));
        JsonArray vectors =
        [
            Vector(direct, 1, 1, MessageContent.Text("Merhaba 👋")),
            Vector(direct, 2, 7, MessageContent.Receipt(ReceiptKind.Read, [target])),
            Vector(pulse, ulong.MaxValue - 1, ulong.MaxValue - 1, MessageContent.Reaction(target, "👍")),
            Vector(direct, 3, 3, MessageContent.Edit(target, "new")),
            Vector(direct, 4, 4, MessageContent.Deletion(target)),
            Vector(direct, 5, 5, MessageContent.DisappearingTime(TimeSpan.FromDays(7))),
            Vector(direct, 6, 6, MessageContent.App("text/x-poll", "1,2"u8)),
            Vector(direct, 7, 7, new UnknownContent(99, "future"u8)),
            Vector(
                ConversationName.Direct("alice", "alice"),
                1,
                1,
                new ContactStandingContent(
                [
                    new("bob", Standing.Accepted, DateTimeOffset.FromUnixTimeMilliseconds(1790000000123), Fixed("bob's account")),
                    new("mallory", Standing.Blocked, DateTimeOffset.FromUnixTimeMilliseconds(1790000000124), Fixed("mallory's account")),
                ])),
            Vector(direct, 0, 9, ContentType.ResendRequest, new ResendNames(target, [new(3, 3), new(5, 8)], [target]).Encode()),
        ];
        byte[] sound = Bytes(vectors[0]!.AsObject(), "content");
        vectors.Add(Refused("a later version", E2EError.UnsupportedVersion, [2, .. sound[1..]]));
        vectors.Add(Refused("a trailing byte", E2EError.InvalidEncoding, [.. sound, 0]));
        vectors.Add(Refused("cut short", E2EError.InvalidEncoding, sound[..^1]));
        vectors.Add(Refused("text without a number", E2EError.InvalidEncoding, Content(direct, 0, 1, ContentType.Text, "x"u8.ToArray())));
        vectors.Add(Refused("a repair with a number", E2EError.InvalidEncoding, Content(direct, 1, 1, ContentType.Repair, [])));
        vectors.Add(Refused("a number above the highest", E2EError.InvalidEncoding, Content(direct, 2, 1, ContentType.Text, "x"u8.ToArray())));
        vectors.Add(EnvelopeIdVector());
        vectors.Add(Looked("for this device, by the listed one", "recipient's identity key", "sender's identity key"));
        vectors.Add(Looked("for a device that had this one's name", "another identity key", "sender's identity key"));
        vectors.Add(Looked("by a device that had the listed one's name", "recipient's identity key", "another identity key"));
        vectors.Add(Looked("for one device, and by another, that had the names", "another identity key", "another identity key"));
        vectors.Add(Looked("with other random bytes", "recipient's identity key", "sender's identity key", id => [.. id.Select((value, i) => (byte)(i == 0 ? value ^ 1 : value))]));
        return vectors;
    }

    public IEnumerable<string> Differences(JsonObject vector) => Compare(
        vector, vector.ContainsKey("refused") ? Refuse(vector) : vector.ContainsKey("random") ? ComputeId(vector) : vector.ContainsKey("looked_at") ? Look(vector) : Compute(vector));

    private static JsonObject Vector(ConversationName conversation, ulong number, ulong highest, MessageContent content) =>
        Vector(conversation, number, highest, content.Type, content.EncodeBody());

    private static JsonObject Vector(ConversationName conversation, ulong number, ulong highest, ushort type, byte[] body)
    {
        var vector = new JsonObject
        {
            ["conversation"] = Hex(conversation.Encoded),
            ["sender_user"] = "alice",
            ["sender_device"] = "phone",
            ["stream_id"] = Hex(Fixed("stream").AsSpan(0, 16)),
            ["number"] = number.ToString(CultureInfo.InvariantCulture),
            ["highest"] = highest.ToString(CultureInfo.InvariantCulture),
            ["time"] = "1790000000123",
            ["sender_list_number"] = "1790000000",
            ["sender_list_hash"] = Hex(Fixed("sender list")),
            ["recipient_list_number"] = "1790000001",
            ["recipient_list_hash"] = Hex(Fixed("recipient list")),
            ["generation"] = "1790000002",
            ["type"] = type.ToString(CultureInfo.InvariantCulture),
            ["body"] = Hex(body),
            ["envelope_id"] = Hex(Fixed("envelope").AsSpan(0, 16)),
            ["recipient_user"] = "bob",
            ["recipient_device"] = "laptop",
        };
        AddTo(vector, Compute(vector));
        return vector;
    }

    private static JsonObject EnvelopeIdVector()
    {
        var vector = new JsonObject
        {
            ["random"] = Hex(Fixed("random").AsSpan(0, 12)),
            ["sender_identity_key"] = PublicKey("sender's identity key"),
            ["recipient_identity_key"] = PublicKey("recipient's identity key"),
        };
        AddTo(vector, ComputeId(vector));
        return vector;
    }

    /// <summary>What an id says that a reader looks at, since the message does not open.</summary>
    private static JsonObject Looked(string what, string recipient, string sender, Func<byte[], byte[]>? change = null)
    {
        byte[] id = EnvelopeId.Of(Fixed("random").AsSpan(0, 12), Key(sender), Key(recipient)).ToArray();
        var vector = new JsonObject
        {
            ["looked_at"] = what,
            ["envelope_id"] = Hex(change?.Invoke(id) ?? id),
            ["own_identity_key"] = PublicKey("recipient's identity key"),
            ["listed_identity_key"] = PublicKey("sender's identity key"),
        };
        AddTo(vector, Look(vector));
        return vector;

        X25519PublicKey Key(string name) => X25519PublicKey.FromBytes(Convert.FromHexString(PublicKey(name)));
    }

    private static JsonObject Look(JsonObject vector)
    {
        var id = new MessageId(Bytes(vector, "envelope_id"));
        return new JsonObject
        {
            ["is_for_own"] = EnvelopeId.IsFor(id, X25519PublicKey.FromBytes(Bytes(vector, "own_identity_key"))) ? 1 : 0,
            ["is_by_listed"] = EnvelopeId.IsBy(id, X25519PublicKey.FromBytes(Bytes(vector, "listed_identity_key"))) ? 1 : 0,
        };
    }

    private static string PublicKey(string name)
    {
        using X25519KeyPair pair = X25519KeyPair.Import(Fixed(name));
        return Hex(pair.PublicKey.Span);
    }

    private static JsonObject ComputeId(JsonObject vector) => new()
    {
        ["envelope_id"] = Hex(EnvelopeId.Of(
            Bytes(vector, "random"),
            X25519PublicKey.FromBytes(Bytes(vector, "sender_identity_key")),
            X25519PublicKey.FromBytes(Bytes(vector, "recipient_identity_key"))).ToArray()),
    };

    private static JsonObject Compute(JsonObject vector)
    {
        var sender = new DeviceAddress(Text(vector, "sender_user"), Text(vector, "sender_device"));
        var reader = new Encoding.SpanReader(Bytes(vector, "conversation"));
        var stream = new StreamName(sender, new MessageId(Bytes(vector, "stream_id")), ConversationName.Read(ref reader));
        var content = new SealedContent(
            stream,
            Unsigned(vector, "number"),
            Unsigned(vector, "highest"),
            DateTimeOffset.FromUnixTimeMilliseconds(Signed(vector, "time")),
            new ListView(Signed(vector, "sender_list_number"), Bytes(vector, "sender_list_hash")),
            new ListView(Signed(vector, "recipient_list_number"), Bytes(vector, "recipient_list_hash")),
            Unsigned(vector, "generation"),
            (ushort)Unsigned(vector, "type"),
            Bytes(vector, "body"));
        byte[] encoded = content.Encode();
        return new JsonObject
        {
            ["content"] = Hex(encoded),
            ["message_id"] = SealedContent.Decode(encoded).Id.ToString(),
            ["envelope_associated_data"] = Hex(SealedEnvelope.AssociatedData(
                SealedEnvelope.Stored,
                Bytes(vector, "envelope_id"),
                sender,
                new DeviceAddress(Text(vector, "recipient_user"), Text(vector, "recipient_device")))),
        };
    }

    private static byte[] Content(ConversationName conversation, ulong number, ulong highest, ushort type, byte[] body) => new SealedContent(
        new StreamName(new DeviceAddress("alice", "phone"), new MessageId(Fixed("stream").AsSpan(0, 16)), conversation),
        number,
        highest,
        DateTimeOffset.UnixEpoch,
        new ListView(1, Fixed("list")),
        new ListView(1, Fixed("list")),
        1,
        type,
        body).Encode();

    private static JsonObject Refused(string why, E2EError reason, byte[] content)
    {
        var vector = new JsonObject { ["refused"] = why, ["content"] = Hex(content), ["reason"] = reason.ToString() };
        return vector;
    }

    private static JsonObject Refuse(JsonObject vector)
    {
        try
        {
            _ = SealedContent.Decode(Bytes(vector, "content"));
            return new JsonObject { ["reason"] = "none" };
        }
        catch (E2EException exception)
        {
            return new JsonObject { ["reason"] = exception.Reason.ToString() };
        }
    }

    private static ulong Unsigned(JsonObject vector, string name) => ulong.Parse(Text(vector, name), CultureInfo.InvariantCulture);

    private static long Signed(JsonObject vector, string name) => long.Parse(Text(vector, name), CultureInfo.InvariantCulture);
}
