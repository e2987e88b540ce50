namespace PulseMeet.E2E.PostgreSql;

/// <summary>UTF-8 that refuses what it cannot carry, both ways.</summary>
internal static class Utf8
{
    private static readonly System.Text.UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    public static byte[] GetBytes(string value) => s_strict.GetBytes(value);

    public static int GetBytes(string value, Span<byte> destination) => s_strict.GetBytes(value, destination);

    public static int GetByteCount(string value) => s_strict.GetByteCount(value);

    public static string GetString(ReadOnlySpan<byte> value) => s_strict.GetString(value);
}
