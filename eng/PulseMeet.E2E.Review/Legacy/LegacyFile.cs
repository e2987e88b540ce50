using System.Text.Json;

namespace PulseMeet.E2E.Review.Legacy;

/// <summary>The sections of a file of legacy fixtures.</summary>
internal sealed class LegacyFile(JsonElement root)
{
    public IReadOnlyList<JsonElement> Derivations { get; } = Section(root, "derivation");

    public IReadOnlyList<JsonElement> Messages { get; } = Section(root, "messages");

    public IReadOnlyList<JsonElement> Media { get; } = Section(root, "media");

    public IReadOnlyList<JsonElement> Section(string name) => Section(root, name);

    public static string Text(JsonElement entry, string member) =>
        entry.GetProperty(member).GetString() ?? throw new JsonException($"«{member}» is null.");

    public static byte[] Bytes(JsonElement entry, string member) => Convert.FromBase64String(Text(entry, member));

    public static bool Has(JsonElement entry, string member) =>
        entry.TryGetProperty(member, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    private static IReadOnlyList<JsonElement> Section(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object
        && root.TryGetProperty(name, out JsonElement section)
        && section.ValueKind == JsonValueKind.Array
            ? [.. section.EnumerateArray()]
            : [];
}
