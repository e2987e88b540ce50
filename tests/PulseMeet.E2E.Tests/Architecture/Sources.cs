using System.Text.RegularExpressions;

namespace PulseMeet.E2E.Tests.Architecture;

/// <summary>The source files of the core, by room. What is compiled no longer knows its folder.</summary>
internal sealed partial class Sources
{
    private readonly Dictionary<string, string> _roomOfType = [];

    private Sources(IReadOnlyList<SourceFile> files)
    {
        Files = files;
        foreach (SourceFile file in files)
        {
            foreach (Match name in TypeName().Matches(file.Text))
            {
                // A type in parts has all of them in one folder: another folder's part would change the room.
                string type = $"{file.Namespace}.{name.Groups[1].Value}";
                Assert.True(_roomOfType.TryAdd(type, file.Room) || _roomOfType[type] == file.Room, type);
            }
        }
    }

    public IReadOnlyList<SourceFile> Files { get; }

    public static Sources Read()
    {
        string core = Path.Combine(Repository(), "src", "PulseMeet.E2E");
        return new([.. Directory.EnumerateFiles(core, "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(core, path).Replace('\\', '/'))
            .Where(path => !path.StartsWith("obj/", StringComparison.Ordinal) && !path.StartsWith("bin/", StringComparison.Ordinal))
            .Select(path => new SourceFile(path, File.ReadAllText(Path.Combine(core, path))))]);
    }

    public static IEnumerable<string> Lines(string path) => File.ReadLines(Path.Combine(Repository(), path));

    /// <summary>The repository: the compiler's file paths do not tell, since a deterministic build maps them.</summary>
    public static string Repository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PulseMeet.E2E.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("Not within the repository.");
    }

    /// <summary>The room of a type or of one nested in it; null where it is no type of the core.</summary>
    public string? RoomOf(string fullName) => _roomOfType.GetValueOrDefault(fullName.Split('+', '/', '`', '<')[0]);

    /// <summary>The rooms that source files name, in directives, in code and in documentation.</summary>
    public IEnumerable<(string From, string To)> Uses() =>
        (from file in Files
         from name in RoomName().Matches(file.Text).Select(match => match.Groups[1].Value)
         where Rooms.Table.Any(row => row.Room == name)
         select (file.Room, name)).Distinct();

    [GeneratedRegex("^(?:[a-z]+ )*(?:class|struct|record|interface|enum|delegate \\S+) (\\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeName();

    [GeneratedRegex(@"(?<!^namespace )\bPulseMeet\.E2E\.([A-Z]\w*)", RegexOptions.Multiline)]
    private static partial Regex RoomName();
}

/// <summary>A source file of the core.</summary>
/// <param name="Path">Under src/PulseMeet.E2E, with slashes.</param>
/// <param name="Text">All of it.</param>
internal sealed partial record SourceFile(string Path, string Text)
{
    public string Folder => Path.Contains('/', StringComparison.Ordinal) ? Path[..Path.LastIndexOf('/')] : string.Empty;

    public string Room => Folder.Split('/')[0];

    public string Namespace => NamespaceName().Match(Text).Groups[1].Value;

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceName();
}
