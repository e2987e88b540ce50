using System.Reflection;
using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnit;
using PulseMeet.E2E.Keys;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace PulseMeet.E2E.Tests.Architecture;

/// <summary>The layers of docs/architecture.md: a folder may use those above it, never one below.</summary>
public sealed class Layers
{
    private const string Root = "PulseMeet.E2E";

    private static readonly string[] s_order =
    [
        "Primitives", "Encoding", "Keys", "Derivation", "Sealing", "Handshake", "Ratchet", "Media", "Mls", "Groups", "Verification",
        "Storage", "Messaging", "Legacy", "Diagnostics", "DependencyInjection",
    ];

    private static readonly Assembly s_assembly = typeof(SecretKey).Assembly;

    private static readonly ArchUnitNET.Domain.Architecture s_architecture = new ArchLoader()
        .LoadAssemblies(s_assembly, typeof(Org.BouncyCastle.Security.SecureRandom).Assembly, typeof(System.Security.Cryptography.SHA256).Assembly)
        .Build();

    public static TheoryData<string> Folders => [.. Existing];

    private static IEnumerable<string> Existing => s_assembly.GetTypes()
        .Select(type => type.Namespace)
        .Where(name => name is not null && name.StartsWith(Root + ".", StringComparison.Ordinal))
        .Select(name => name![(Root.Length + 1)..].Split('.')[0])
        .Distinct();

    [Fact]
    public void Every_folder_has_its_place_in_the_order()
    {
        Assert.Empty(Existing.Except(s_order));
        Assert.Superset(new HashSet<string>(["Primitives", "Keys", "Ratchet", "Legacy"]), new HashSet<string>(Existing));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_uses_none_below_it(string folder)
    {
        foreach (string lower in s_order.Skip(Array.IndexOf(s_order, folder) + 1).Where(Existing.Contains))
        {
            // The encoders check arguments with the same helper as everyone; the root namespace is above all folders.
            IArchRule rule = Types().That().ResideInNamespaceMatching($"^{Root}\\.{folder}(\\..*)?$")
                .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching($"^{Root}\\.{lower}(\\..*)?$"));
            rule.Check(s_architecture);
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
}

internal static class AssertExtensions
{
    public static void AssertFalse(this bool condition, string message) => Assert.False(condition, message);
}
