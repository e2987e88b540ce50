using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;
using ContentType = PulseMeet.E2E.Mls.ContentType;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A message of a pulse chat from the epoch's secrets on: its sender data, its key, what the key opens, and the content in it.</summary>
internal static class PulseMessageVectors
{
    private const int Leaves = 4;

    public static IEnumerable<JsonObject> All => [Message(MlsSuite.X25519Aes128), Message(MlsSuite.XWingAes256)];

    public static JsonObject Compute(JsonObject vector)
    {
        MlsSuite suite = MlsSuite.Get((ushort)Number(vector, "suite"));
        PrivateMessage message = MlsMessage.Decode<PrivateMessage>(Bytes(vector, "message"));
        using MlsSecret senderDataSecret = MlsSecret.CopyOf(Bytes(vector, "sender_data_secret"));
        using var tree = new SecretTree(suite, (uint)Number(vector, "leaves"), MlsSecret.CopyOf(Bytes(vector, "encryption_secret")));
        byte[] dataKey = new byte[suite.Aead.KeySize];
        byte[] dataNonce = new byte[Aead.NonceSize];
        SenderData.Keys(suite, senderDataSecret, message.Ciphertext, dataKey, dataNonce);
        AuthenticatedContent opened = MessageProtection.Open(suite, message, senderDataSecret, tree, _ => true, 1000, out SenderData sender);
        using MessageKey key = tree.Look(sender.LeafIndex, ContentType.Application, sender.Generation, 1000);
        SealedContent content = SealedContent.Decode(opened.Content.ApplicationData);
        return new JsonObject
        {
            ["sender_data_key"] = Hex(dataKey),
            ["sender_data_nonce"] = Hex(dataNonce),
            ["leaf_index"] = sender.LeafIndex,
            ["generation"] = sender.Generation,
            ["reuse_guard"] = sender.ReuseGuard.ToString("x8", System.Globalization.CultureInfo.InvariantCulture),
            ["key"] = Hex(key.Key.Reveal()),
            ["nonce"] = Hex(key.Nonce.Reveal()),
            ["plaintext_length"] = message.Ciphertext.Length - Aead.TagSize,
            ["application_data"] = Hex(opened.Content.ApplicationData),
            ["is_signature_valid"] = opened.IsSignatureValid(suite, Bytes(vector, "group_context"), Bytes(vector, "signature_public")) ? 1 : 0,
            ["sender"] = $"{content.Stream.Sender.UserId} {content.Stream.Sender.DeviceId}",
            ["number"] = content.Number,
            ["message_id"] = Hex(content.Id.ToArray()),
            ["text"] = ((TextContent)MessageContent.Decode(content.Type, content.Body.Span)).Value,
        };
    }

    private static JsonObject Message(MlsSuite suite)
    {
        using var signatureKey = MlsSignatureKey.Import(Fixed("sending device"));
        byte[] groupId = Fixed("group");
        var context = new GroupContext
        {
            Suite = suite.Id,
            GroupId = groupId,
            Epoch = 7,
            TreeHash = Secret(suite, "tree hash"),
            ConfirmedTranscriptHash = Secret(suite, "transcript"),
            Extensions = [],
        };
        var stream = new StreamName(new DeviceAddress("alice", "phone"), new MessageId(Fixed("stream").AsSpan(0, MessageId.Size)), ConversationName.Pulse(groupId));
        MessageContent text = MessageContent.Text("Who brings the guitar?");
        byte[] content = new SealedContent(
            stream, 3, 3, DateTimeOffset.FromUnixTimeSeconds(1790000000), new ListView(1790000000, Fixed("list")), PulseMessages.NoList, 0, text.Type, text.EncodeBody()).Encode();
        var framed = new FramedContent
        {
            GroupId = groupId,
            Epoch = context.Epoch,
            Sender = Sender.Member(2),
            AuthenticatedData = [],
            ApplicationData = content,
        };
        byte[] signature = AuthenticatedContent.Sign(suite, WireFormat.PrivateMessage, framed, context.Encoded, signatureKey);
        using MlsSecret senderDataSecret = MlsSecret.CopyOf(Secret(suite, "sender data secret"));
        using var tree = new SecretTree(suite, Leaves, MlsSecret.CopyOf(Secret(suite, "encryption secret")));
        int padding = PaddingScheme.Default.GetPaddedLength(content.Length) - content.Length;
        PrivateMessage message = MessageProtection.Seal(
            suite, new AuthenticatedContent(WireFormat.PrivateMessage, framed, signature, null), senderDataSecret, tree, padding);
        return new JsonObject
        {
            ["kind"] = "message",
            ["suite"] = suite.Id,
            ["leaves"] = Leaves,
            ["group_context"] = Hex(context.Encoded),
            ["signature_public"] = Hex(signatureKey.PublicKey),
            ["encryption_secret"] = Hex(Secret(suite, "encryption secret")),
            ["sender_data_secret"] = Hex(Secret(suite, "sender data secret")),
            ["message"] = Hex(MlsMessage.Encode(WireFormat.PrivateMessage, message)),
        };
    }

    /// <summary>Fixed bytes as long as the suite's secrets and hashes.</summary>
    private static byte[] Secret(MlsSuite suite, string name) => [.. Fixed(name), .. Fixed(name + " more")[..(suite.SecretSize - 32)]];
}
