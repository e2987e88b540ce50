using System.Text.Json;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>What a message row held before it was re-sealed, for the sealed backup.</summary>
internal sealed record MessageOriginal(
    string Table, Guid Id, string Content, string? Metadata, bool IsEncrypted, int? KeyVersion)
{
    private static readonly MessageSealer s_sealer = new(new MessageSealingOptions { Padding = PaddingScheme.None });

    public byte[] Seal(ArchiveKey key, string conversationId)
    {
        using var stream = new MemoryStream(Content.Length + 128);
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartArray();
            json.WriteStringValue(Content);
            json.WriteStringValue(Metadata);
            json.WriteBooleanValue(IsEncrypted);
            if (KeyVersion is { } version)
            {
                json.WriteNumberValue(version);
            }
            else
            {
                json.WriteNullValue();
            }

            json.WriteEndArray();
        }

        if (stream.Length > MessageSealer.MaxPlaintextSize)
        {
            throw new E2EException(E2EError.LimitExceeded, "A legacy message longer than any backup may be.");
        }

        return s_sealer.Seal(key, stream.GetBuffer().AsSpan(0, (int)stream.Length), Context(conversationId, Table, Id));
    }

    /// <summary>Null where the backup is not authentic.</summary>
    public static MessageOriginal? TryOpen(ArchiveKey key, byte[] sealedOriginal, string conversationId, string table, Guid id)
    {
        try
        {
            using var json = JsonDocument.Parse(s_sealer.Open(key, sealedOriginal, Context(conversationId, table, id)));
            JsonElement root = json.RootElement;
            return new(table, id, root[0].GetString()!, root[1].GetString(), root[2].GetBoolean(),
                root[3].ValueKind == JsonValueKind.Null ? null : root[3].GetInt32());
        }
        catch (Exception exception) when (exception is E2EException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The kind and the row, never the content.</summary>
    public override string ToString() => $"{nameof(MessageOriginal)} ({Table} {Id})";

    private static MessageContext Context(string conversationId, string table, Guid id) =>
        new(conversationId, "message-backup", table, id.ToString("D"));
}
