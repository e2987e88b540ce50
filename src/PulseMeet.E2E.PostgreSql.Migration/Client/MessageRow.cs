using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>A message row as it was read: its place, its content (null where it is too long to be read), and what tells
/// whether it has changed since.</summary>
internal sealed record MessageRow(
    string Table, Guid Id, Guid Sender, Guid Place, string? Content, string? Metadata, bool IsEncrypted, int? KeyVersion, byte[]? RowVersion)
{
    /// <summary>The value of <c>key_version</c> of a re-sealed message.</summary>
    public const int ArchiveVersion = 2;

    public const string Direct = "direct_messages";
    public const string Chat = "chat_messages";

    public string Conversation { get; } = ConversationOf(Table, Sender, Place);

    /// <summary>The context that the archived message is bound to.</summary>
    public MessageContext Context => ContextOf(Table, Id, Sender, Place);

    public static MessageContext ContextOf(string table, Guid id, Guid sender, Guid place) => new(
        ConversationOf(table, sender, place), sender.ToString("D"), place.ToString("D"), id.ToString("D"));

    /// <summary>The row, never the content.</summary>
    public override string ToString() => $"{nameof(MessageRow)} ({Table} {Id})";

    private static string ConversationOf(string table, Guid sender, Guid place) =>
        table == Direct ? LegacyNames.DirectConversationId(sender, place) : place.ToString("D");
}
