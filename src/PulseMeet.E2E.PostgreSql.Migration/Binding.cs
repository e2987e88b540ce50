using System.Buffers.Binary;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The associated data of what is sealed into the database: length-prefixed fields, so that no two places encode
/// alike and a sealed value moved to another row, key, conversation or person does not open.</summary>
internal static class Binding
{
    public static ReadOnlySpan<byte> WrappedKeyInfo => "PulseMeet-E2E v1 wrapped key"u8;

    public static ReadOnlySpan<byte> KeyBackupInfo => "PulseMeet-E2E v1 key backup"u8;

    public static ReadOnlySpan<byte> MessageBackupKeyInfo => "PulseMeet-E2E v1 message backup key"u8;

    public static byte[] Of(params ReadOnlySpan<string> fields)
    {
        using var stream = new MemoryStream();
        Span<byte> length = stackalloc byte[2];
        foreach (string field in fields)
        {
            byte[] utf8 = Utf8.GetBytes(field);
            BinaryPrimitives.WriteUInt16BigEndian(length, checked((ushort)utf8.Length));
            stream.Write(length);
            stream.Write(utf8);
        }

        return stream.ToArray();
    }

    public static byte[] OfWrappedKey(
        string conversationId, Guid recipient, string sourceTable, Guid sourceId, string keyId, string recipientKeyId) =>
        Of(conversationId, recipient.ToString("D"), sourceTable, sourceId.ToString("D"), keyId, recipientKeyId);
}
