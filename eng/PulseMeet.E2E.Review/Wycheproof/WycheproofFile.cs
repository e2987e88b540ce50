using System.Text.Json;

namespace PulseMeet.E2E.Review.Wycheproof;

/// <summary>One vector of a Wycheproof file, with the group that it stands in.</summary>
internal readonly record struct Vector(JsonElement Group, JsonElement Test)
{
    public int Id => Test.TryGetProperty("tcId", out JsonElement id) ? id.GetInt32() : -1;

    /// <summary>«valid», «acceptable» or «invalid».</summary>
    public string Result => Test.GetProperty("result").GetString()!;

    public bool IsValid => Result == "valid";

    public byte[] Bytes(string member) => Convert.FromHexString(Test.GetProperty(member).GetString()!);

    public int Number(string member) => Test.GetProperty(member).GetInt32();
}

/// <summary>A file of vectors, whichever of the two published layouts it has.</summary>
internal sealed class WycheproofFile : IDisposable
{
    private readonly JsonDocument _document;

    private WycheproofFile(string name, JsonDocument document)
    {
        Name = name;
        _document = document;
    }

    public string Name { get; }

    public string Algorithm => Text(_document.RootElement, "algorithm");

    public IEnumerable<JsonElement> Groups =>
        _document.RootElement.TryGetProperty("testGroups", out JsonElement groups) ? groups.EnumerateArray() : [];

    public static WycheproofFile? TryRead(string path)
    {
        try
        {
            var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return new(Path.GetFileName(path), document);
        }
        catch (JsonException exception)
        {
            Console.Error.WriteLine($"{path} is not JSON: {exception.Message}");
            return null;
        }
    }

    public static string Text(JsonElement element, string member) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : string.Empty;

    public static int Number(JsonElement element, string member) =>
        element.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : -1;

    public void Dispose() => _document.Dispose();
}
