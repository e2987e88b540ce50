using System.Text.Json;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>deserialization, messages, message-protection and welcome.</summary>
internal static class MessageVectors
{
    public static bool DeserializationHolds(JsonElement entry, MlsSuite suite)
    {
        byte[] header = entry.Bytes("vlbytes_header");
        int length = entry.GetProperty("length").GetInt32();
        var reader = new MlsReader(header);
        using var writer = new MlsWriter();
        writer.WriteLength(length);
        return reader.ReadLength() == length && reader.Remaining == 0 && writer.Written.SequenceEqual(header);
    }

    public static bool MessagesHold(JsonElement entry, MlsSuite suite) =>
        Message(entry, "mls_welcome") && Message(entry, "mls_group_info") && Message(entry, "mls_key_package")
        && Message(entry, "public_message_application") && Message(entry, "public_message_proposal")
        && Message(entry, "public_message_commit") && Message(entry, "private_message")
        && entry.Is("ratchet_tree", RatchetTree.Decode(suite, entry.Bytes("ratchet_tree")).Encode())
        && Secrets(entry)
        && Body(entry, "add_proposal", ProposalType.Add) && Body(entry, "update_proposal", ProposalType.Update)
        && Body(entry, "remove_proposal", ProposalType.Remove)
        && Body(entry, "pre_shared_key_proposal", ProposalType.PreSharedKey)
        && Body(entry, "re_init_proposal", ProposalType.ReInit)
        && Body(entry, "external_init_proposal", ProposalType.ExternalInit)
        && Body(entry, "group_context_extensions_proposal", ProposalType.GroupContextExtensions)
        && entry.Is("commit", MlsEncoding.Decode<Commit>(entry.Bytes("commit")).Encode());

    public static bool MessageProtectionHolds(JsonElement entry, MlsSuite suite)
    {
        var context = new GroupContext
        {
            Suite = suite.Id,
            GroupId = entry.Bytes("group_id"),
            Epoch = entry.GetProperty("epoch").GetUInt64(),
            TreeHash = entry.Bytes("tree_hash"),
            ConfirmedTranscriptHash = entry.Bytes("confirmed_transcript_hash"),
            Extensions = [],
        };
        return Protected(entry, suite, context, "proposal_priv", "proposal", content => content.Proposal!.Encode())
            && Protected(entry, suite, context, "commit_priv", "commit", content => content.Commit!.Encode())
            && Protected(entry, suite, context, "application_priv", "application", content => content.ApplicationData!)
            && Tagged(entry, suite, context, "proposal_pub", "proposal", content => content.Proposal!.Encode())
            && Tagged(entry, suite, context, "commit_pub", "commit", content => content.Commit!.Encode());
    }

    public static bool WelcomeHolds(JsonElement entry, MlsSuite suite)
    {
        var keyPackage = MlsMessage.Decode<KeyPackage>(entry.Bytes("key_package"));
        var welcome = MlsMessage.Decode<Welcome>(entry.Bytes("welcome"));
        using GroupSecrets secrets = welcome.OpenFor(suite, keyPackage, entry.Secret("init_priv"));
        using MlsSecret psk = KeySchedule.PskSecret(suite, []);
        using MlsSecret member = KeySchedule.Member(suite, secrets.JoinerSecret, psk);
        GroupInfo info = welcome.OpenGroupInfo(suite, KeySchedule.Welcome(suite, member));
        using EpochSecrets epoch = KeySchedule.Epoch(suite, member, info.Context);
        return info.IsSignatureValid(suite, entry.Bytes("signer_pub"))
            && epoch.ConfirmationTag(suite, info.Context.ConfirmedTranscriptHash).AsSpan().SequenceEqual(info.ConfirmationTag);
    }

    /// <summary>The vector's message opens and verifies, and one of our own sealing does.</summary>
    private static bool Protected(
        JsonElement entry, MlsSuite suite, GroupContext context, string name, string plain, Func<FramedContent, byte[]> encode)
    {
        AuthenticatedContent Open(PrivateMessage message) => MessageProtection.Open(
            suite, message, entry.Secret("sender_data_secret"), Secrets(entry, suite), leaf => leaf <= 1, 1000, out _);
        bool Holds(AuthenticatedContent content) =>
            content.IsSignatureValid(suite, context.Encoded, entry.Bytes("signature_pub")) && entry.Is(plain, encode(content.Content));
        AuthenticatedContent given = Open(MlsMessage.Decode<PrivateMessage>(entry.Bytes(name)));
        using var key = MlsSignatureKey.Import(entry.Bytes("signature_priv"));
        byte[] signature = AuthenticatedContent.Sign(suite, WireFormat.PrivateMessage, given.Content, context.Encoded, key);
        var own = new AuthenticatedContent(WireFormat.PrivateMessage, given.Content, signature, given.ConfirmationTag);
        return Holds(given) && Holds(Open(MessageProtection.Seal(
            suite, own, entry.Secret("sender_data_secret"), Secrets(entry, suite), 17)));
    }

    private static bool Tagged(
        JsonElement entry, MlsSuite suite, GroupContext context, string name, string plain, Func<FramedContent, byte[]> encode)
    {
        AuthenticatedContent content = MlsMessage.Decode<PublicMessage>(entry.Bytes(name))
            .Unprotect(suite, entry.Secret("membership_key"), context.Encoded);
        return content.IsSignatureValid(suite, context.Encoded, entry.Bytes("signature_pub"))
            && entry.Is(plain, encode(content.Content))
            && entry.Is(name, MlsMessage.Encode(
                WireFormat.PublicMessage,
                PublicMessage.Protect(suite, content, entry.Secret("membership_key"), context.Encoded)));
    }

    private static SecretTree Secrets(JsonElement entry, MlsSuite suite) => new(suite, 2, entry.Secret("encryption_secret"));

    private static bool Message(JsonElement entry, string name) =>
        entry.Is(name, MlsMessage.Decode(entry.Bytes(name)).Encode());

    /// <summary>The vectors hold a proposal's body without its type.</summary>
    private static bool Body(JsonElement entry, string name, ushort type)
    {
        byte[] whole = [(byte)(type >> 8), (byte)type, .. entry.Bytes(name)];
        return MlsEncoding.Decode<Proposal>(whole).Encode().AsSpan().SequenceEqual(whole);
    }

    private static bool Secrets(JsonElement entry)
    {
        using var secrets = GroupSecrets.Decode(entry.Bytes("group_secrets"));
        using var writer = new MlsWriter();
        secrets.Write(writer);
        return entry.Is("group_secrets", writer.Written);
    }
}
