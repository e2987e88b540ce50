using System.Text.Json;

namespace PulseMeet.E2E.Legacy;

/// <summary>What a legacy message said. Never to be shown as end-to-end authenticated: see <see cref="Protection"/>.</summary>
public sealed class LegacyPlaintext
{
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 32 };

    private LegacyPlaintext(string content, string text, bool isJson, string? keyName, LegacyProtection protection)
    {
        Content = content;
        Text = text;
        IsJson = isJson;
        KeyName = keyName;
        Protection = protection;
    }

    /// <summary>The whole plaintext: a JSON object, or in the oldest rows just the text.</summary>
    public string Content { get; }

    /// <summary>The text: the member <c>text</c>, or <c>content</c> in older rows; empty where an object has neither.</summary>
    public string Text { get; }

    /// <summary>Whether <see cref="Content"/> is a JSON object.</summary>
    public bool IsJson { get; }

    /// <summary>The name of the candidate that fitted, <see cref="LegacyCandidate.ZeroKeyName"/> for the all-zero key, null for
    /// a row that was not encrypted.</summary>
    public string? KeyName { get; }

    /// <summary>What protected the message.</summary>
    public LegacyProtection Protection { get; }

    /// <summary>Nothing of the message.</summary>
    public override string ToString() => $"{nameof(LegacyPlaintext)} ({Protection})";

    internal static LegacyPlaintext From(string content, string? keyName, LegacyProtection protection)
    {
        string? text = ReadText(content);
        return new(content, text ?? content, text is not null, keyName, protection);
    }

    /// <summary>The text of a JSON object; null where the content is not one.</summary>
    private static string? ReadText(string content)
    {
        if (!content.AsSpan().TrimStart().StartsWith("{"))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(content, s_options);
            JsonElement root = document.RootElement;
            return Member(root, "text") ?? Member(root, "content") ?? string.Empty;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            // A text that only looks like JSON, or holds lone surrogates: the oldest rows hold any text.
            return null;
        }
    }

    private static string? Member(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement member) && member.ValueKind == JsonValueKind.String
            ? member.GetString()
            : null;
}
