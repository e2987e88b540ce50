using System.Text.Json;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>deserialization and messages.</summary>
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
