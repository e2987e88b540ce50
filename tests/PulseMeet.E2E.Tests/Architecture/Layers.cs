using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Dependencies;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnit;
using PulseMeet.E2E.Keys;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace PulseMeet.E2E.Tests.Architecture;

/// <summary>The rooms of docs/architecture.md are an allow-list: a room uses what its row lists, and what is listed is
/// used.</summary>
public sealed class Layers
{
    private const string Root = "PulseMeet.E2E";

    private static readonly Assembly s_assembly = typeof(SecretKey).Assembly;

    private static readonly ArchUnitNET.Domain.Architecture s_architecture = new ArchLoader()
        .LoadAssemblies(s_assembly, typeof(Org.BouncyCastle.Security.SecureRandom).Assembly, typeof(System.Security.Cryptography.SHA256).Assembly)
        .Build();

    private static readonly Lazy<Sources> s_sources = new(Sources.Read);

    private static readonly Lazy<HashSet<(string From, string To)>> s_compiled = new(() => [.. CompiledUses()]);

    private static HashSet<string> Existing => [.. s_sources.Value.Files.Select(file => file.Room)];

    [Fact]
    public void Pointers_are_in_the_files_that_call_libcrypto_and_nowhere_else() =>
        Assert.All(
            Sources.Read().Files.Where(file => file.Text.Contains("unsafe ", StringComparison.Ordinal)),
            file => Assert.StartsWith("Primitives/Libcrypto", file.Path, StringComparison.Ordinal));

    [Fact]
    public void Backends_are_switched_by_nobody_in_the_library() =>
        Assert.DoesNotContain(
            Sources.Read().Files, file => file.Text.Contains("UsesLibcrypto =", StringComparison.Ordinal));

    [Fact]
    public void Every_folder_is_a_room_of_the_table()
    {
        Assert.Empty(Existing.Except(Rooms.Table.Select(row => row.Room)));
        Assert.Superset(new HashSet<string>(["Primitives", "Keys", "Ratchet", "Legacy", Rooms.Root]), Existing);
    }

    [Fact]
    public void A_file_has_its_rooms_namespace_or_that_of_the_happy_path()
    {
        Assert.All(s_sources.Value.Files, file => Assert.Contains(
            file.Namespace, new[] { Root, $"{Root}.{file.Room}", $"{Root}.{file.Folder.Replace('/', '.')}" }));
    }

    [Fact]
    public void Every_compiled_type_is_found_in_a_folder()
    {
        IEnumerable<string> types = s_assembly.GetTypes()
            .Where(type => !type.IsNested && type.Namespace?.StartsWith(Root, StringComparison.Ordinal) == true)
            .Select(type => type.FullName!);
        Assert.All(types, type => Assert.NotNull(s_sources.Value.RoomOf(type)));
    }

    [Fact]
    public void No_compiled_type_uses_a_room_that_is_not_listed() => Assert.Empty(Rooms.NotListed(s_compiled.Value));

    /// <summary>What is compiled shows neither constants nor documentation.</summary>
    [Fact]
    public void No_source_file_names_a_room_that_is_not_listed() => Assert.Empty(Rooms.NotListed(s_sources.Value.Uses()));

    [Fact]
    public void Every_listed_use_between_rooms_that_are_there_is_made() =>
        Assert.Equal(Rooms.NotUsedYet.Order(), Rooms.NotUsed(s_compiled.Value, Existing).Order());

    [Fact]
    public void The_rule_notices_a_use_upwards_a_skipped_row_and_a_row_that_nobody_uses()
    {
        (string, string)[] forbidden =
        [
            ("PreKeys", "Handshake"), ("Legacy", "Derivation"), ("Sealing", "Identity"), ("Media", "Sealing"), ("Encoding", "Primitives"),
            (Rooms.Root, "Encoding"), ("Primitives", "Keys"), ("Messaging", "Legacy"), ("Mls", "Ratchet"),
        ];
        Assert.Equal(forbidden, Rooms.NotListed(forbidden));
        Assert.Empty(Rooms.NotListed([("Ratchet", "PreKeys"), ("Ratchet", "Keys"), ("Groups", "Sealing"), ("Keys", Rooms.Root), ("Legacy", "Diagnostics")]));
        Assert.Contains(("Ratchet", "Sealing"), s_compiled.Value);
        Assert.Contains(
            ("Ratchet", "Sealing"), Rooms.NotUsed(s_compiled.Value.Where(use => use != ("Ratchet", "Sealing")).ToHashSet(), Existing));
    }

    [Fact]
    public void The_architecture_document_has_the_same_table()
    {
        string[] rows = [.. Sources.Lines("docs/architecture.md").Where(line => line.StartsWith("| `", StringComparison.Ordinal) || line.StartsWith("| (root)", StringComparison.Ordinal))];
        Assert.Equal(
            Rooms.Table.Select(row => $"{row.Room}: {string.Join(", ", row.Uses)}").Order(StringComparer.Ordinal),
            rows.Select(Row).Order(StringComparer.Ordinal));

        static string Row(string line)
        {
            string[] cells = [.. line.Trim('|', ' ').Split('|').Select(cell => cell.Trim())];
            string room = cells[0] == "(root)" ? Rooms.Root : cells[0].Split('/')[0].Trim('`');
            return $"{room}: {cells[2] switch { "none" => string.Empty, "all above" => "*", _ => cells[2] }}";
        }
    }

    [Fact]
    public void Only_the_primitives_touch_BouncyCastle()
    {
        IArchRule rule = Types().That().ResideInAssembly(s_assembly)
            .And().DoNotResideInNamespace($"{Root}.Primitives")
            .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching("^Org\\.BouncyCastle.*"));
        rule.Check(s_architecture);
        Types().That().ResideInNamespace($"{Root}.Primitives")
            .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching("^Org\\.BouncyCastle.*"))
            .HasNoViolations(s_architecture)
            .AssertFalse("The rule has to be able to see BouncyCastle.");
    }

    [Fact]
    public void Outside_the_primitives_only_the_zeroing_of_memory_is_taken_from_the_platforms_cryptography()
    {
        IArchRule rule = Types().That().ResideInAssembly(s_assembly)
            .And().DoNotResideInNamespace($"{Root}.Primitives")
            .Should().NotDependOnAny(Types().That().ResideInNamespace("System.Security.Cryptography")
                .And().DoNotHaveName("CryptographicOperations"));
        rule.Check(s_architecture);
    }

    [Fact]
    public void The_core_depends_on_the_two_packages_and_the_framework_alone()
    {
        IEnumerable<string> references = s_assembly.GetReferencedAssemblies().Select(reference => reference.Name!);
        Assert.Equal(
            ["BouncyCastle.Cryptography", "Microsoft.Extensions.DependencyInjection.Abstractions"],
            references.Where(name => !name.StartsWith("System.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<(string From, string To)> CompiledUses() =>
        from type in s_architecture.Types
        let room = s_sources.Value.RoomOf(type.FullName)
        where room is not null
        from used in type.Dependencies.SelectMany(Targets)
        let other = s_sources.Value.RoomOf(used.FullName)
        where other is not null && other != room
        select (room, other);

    private static IEnumerable<IType> Targets(ITypeDependency dependency) =>
        [dependency.Target, .. dependency.TargetGenericArguments.SelectMany(ArgumentTypes)];

    private static IEnumerable<IType> ArgumentTypes(GenericArgument argument) =>
        [argument.Type, .. argument.GenericArguments.SelectMany(ArgumentTypes)];
}

internal static class AssertExtensions
{
    public static void AssertFalse(this bool condition, string message) => Assert.False(condition, message);
}
