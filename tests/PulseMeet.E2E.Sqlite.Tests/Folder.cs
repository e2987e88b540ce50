namespace PulseMeet.E2E.Sqlite.Tests;

/// <summary>A folder of its own for a test.</summary>
internal sealed class Folder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("pulsemeet-sqlite-").FullName;

    public string Database => System.IO.Path.Combine(Path, "chat.db");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
