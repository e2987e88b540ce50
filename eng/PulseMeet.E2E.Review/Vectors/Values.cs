using System.Globalization;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Reads and writes the values of vectors: bytes in lower-case hexadecimal.</summary>
internal static class Values
{
    public static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    public static string Hex(SecretBytes secret)
    {
        using SecretScope bytes = secret.Use();
        return Hex(bytes.Span);
    }

    public static string Hex(SecretKey key)
    {
        using SecretScope bytes = key.Use();
        return Hex(bytes.Span);
    }

    public static byte[] Bytes(JsonObject vector, string name) => Convert.FromHexString(Text(vector, name));

    /// <summary>An input, and behind it as many zero bytes as the vector says: what is too long for a decoder is too long for a file.</summary>
    public static byte[] Input(JsonObject vector, string name) =>
        name == "input" && vector["zeros"] is not null ? [.. Bytes(vector, name), .. new byte[Number(vector, "zeros")]] : Bytes(vector, name);

    public static string Text(JsonObject vector, string name) =>
        (string?)vector[name] ?? throw new KeyNotFoundException($"«{name}» is missing.");

    /// <summary>A whole number, whether it was read from a file or has just been put in.</summary>
    public static long Number(JsonObject vector, string name) => long.Parse(
        vector[name]?.ToJsonString() ?? throw new KeyNotFoundException($"«{name}» is missing."), CultureInfo.InvariantCulture);

    /// <summary>Fixed bytes for an input that has no meaning: SHA-256 of its name.</summary>
    public static byte[] Fixed(string name) => Sha256.Hash(System.Text.Encoding.UTF8.GetBytes("PulseMeet.E2E vector " + name));

    /// <summary>Puts what was computed behind a vector's inputs.</summary>
    public static void AddTo(JsonObject vector, JsonObject computed)
    {
        foreach ((string name, JsonNode? value) in computed)
        {
            vector[name] = value?.DeepClone();
        }
    }

    /// <summary>The names of the values of <paramref name="computed"/> that the vector has otherwise or not at all.</summary>
    public static IEnumerable<string> Compare(JsonObject vector, JsonObject computed) =>
        from pair in computed
        where !JsonNode.DeepEquals(pair.Value, vector[pair.Key])
        select pair.Key;
}
