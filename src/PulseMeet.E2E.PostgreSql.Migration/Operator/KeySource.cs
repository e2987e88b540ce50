namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>A legacy table that holds keys in the clear, and how its rows name their conversation.</summary>
/// <param name="Table">The table's name; also what sealed values are bound to.</param>
/// <param name="Conversation">The SQL expression of the conversation id, for the row <c>k</c>; null for a plaintext copy that
/// an earlier migration left behind, which is backed up and wrapped for nobody.</param>
internal sealed record KeySource(string Table, string? Conversation)
{
    public static IReadOnlyList<KeySource> All { get; } =
    [
        new("pulse_chat_keys", "k.pulse_id::text"),
        new("direct_message_keys", "k.conversation_id"),
        new("pulse_chat_keys_backup", null),
        new("direct_message_keys_backup", null),
    ];
}
