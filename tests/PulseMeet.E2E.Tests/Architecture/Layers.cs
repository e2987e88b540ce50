using System.Reflection;
using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnit;
using PulseMeet.E2E.Keys;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace PulseMeet.E2E.Tests.Architecture;

/// <summary>The rooms of docs/architecture.md: an edge that is not listed fails, and so does a listed one that nobody uses.</summary>
public sealed class Layers
{
    private const string Root = "PulseMeet.E2E";

    /// <summary>What everyone may use, these themselves apart.</summary>
    private static readonly string[] s_everyones = ["", "Primitives", "Encoding", "Diagnostics"];

    /// <summary>The rooms of docs/architecture.md, each with what it may use; what those may use it may use too.</summary>
    private static readonly Dictionary<string, string[]> s_mayUse = new()
    {
        [""] = [],
        ["Primitives"] = [],
        ["Encoding"] = [],
        ["Keys"] = [],
        ["Identity"] = ["Keys"],
        ["Derivation"] = ["Identity"],
        ["Sealing"] = ["Keys"],
        ["Media"] = ["Keys"],
        ["PreKeys"] = ["Identity"],
        ["Handshake"] = ["PreKeys"],
        ["Ratchet"] = ["Handshake", "Sealing"],
        ["Mls"] = ["Sealing"],
        ["Storage"] = [],
        ["Relay"] = ["Identity"],
        ["Legacy"] = ["Keys"],
        ["DependencyInjection"] =
            ["Derivation", "Legacy", "PreKeys", "Ratchet", "Sealing"],
    };

    private static readonly Assembly s_assembly = typeof(SecretKey).Assembly;

    private static readonly ArchUnitNET.Domain.Architecture s_architecture = new ArchLoader()
        .LoadAssemblies(s_assembly, typeof(Org.BouncyCastle.Security.SecureRandom).Assembly, typeof(System.Security.Cryptography.SHA256).Assembly)
        .Build();

    public static TheoryData<string> Rooms => [.. s_mayUse.Keys];

    private static IEnumerable<string> Existing => s_assembly.GetTypes()
        .Select(type => RoomOf(type.Namespace)).OfType<string>().Distinct();

    [Fact]
    public void Every_folder_has_its_place_in_the_list_and_every_place_its_folder() =>
        Assert.Equal(s_mayUse.Keys.Order(StringComparer.Ordinal), Existing.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_what_it_is_allowed_to_and_nothing_else(string room)
    {
        HashSet<string> allowed = [room, .. Reachable(room)];
        if (!s_everyones.Contains(room))
        {
            allowed.UnionWith(s_everyones);
        }
        else if (room.Length > 0)
        {
            allowed.Add("");
        }

        Assert.Empty(Used(room).Where(edge => !allowed.Contains(edge.To)).Select(edge => edge.Words));
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void What_a_room_is_allowed_to_use_it_does_use(string room) =>
        Assert.Empty(s_mayUse[room].Except(Used(room).Select(edge => edge.To)));

    private static HashSet<string> Reachable(string room)
    {
        var reachable = new HashSet<string>();
        var left = new Queue<string>(s_mayUse[room]);
        while (left.TryDequeue(out string? next))
        {
            if (reachable.Add(next))
            {
                Array.ForEach(s_mayUse[next], left.Enqueue);
            }
        }

        return reachable;
    }

    private static IEnumerable<(string To, string Words)> Used(string room) =>
        from type in s_architecture.Types
        where RoomOf(type.Namespace?.FullName) == room
        from dependency in type.Dependencies
        let to = RoomOf(dependency.Target.Namespace?.FullName)
        where to is not null && to != room
        select (to, $"{type.FullName} uses {dependency.Target.FullName}");

    /// <summary>The room of a namespace: its first part below the root, "" for the root itself, null elsewhere.</summary>
    private static string? RoomOf(string? name) =>
        name == Root ? ""
        : name is not null && name.StartsWith(Root + ".", StringComparison.Ordinal) ? name[(Root.Length + 1)..].Split('.')[0]
        : null;

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
}

internal static class AssertExtensions
{
    public static void AssertFalse(this bool condition, string message) => Assert.False(condition, message);
}
