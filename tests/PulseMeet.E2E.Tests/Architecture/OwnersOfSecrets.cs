using System.Reflection;
using System.Text.RegularExpressions;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Architecture;

/// <summary>Attack 40, by construction: no span of a secret leaves its owner, and every use of a secret holds the owner until it
/// ends.</summary>
public sealed partial class OwnersOfSecrets
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Spans of public bytes beside a secret: headers that are sent, labels, and a file's description.</summary>
    private static readonly string[] s_public =
    [
        "FloeState.Header", "FloeState.HeaderTag", "FloeState.Prefix", "FloeState.HeaderTagPurpose",
        "FloeState.MessageKeyPurpose", "FloeState.SegmentKeyPurpose", "ChainKey.MessageKeyInput",
        "ChainKey.NextChainKeyInput", "MediaReference.Commitment", "MediaReference.Digest",
        "MediaReference.Thumbnail",
    ];

    private static readonly Type[] s_types = typeof(SecretBytes).Assembly.GetTypes();

    [Fact]
    public void No_owner_of_a_secret_has_a_member_that_gives_its_bytes_as_a_span_a_reference_or_memory()
    {
        Type[] owners = [.. s_types.Where(OwnsASecret)];
        Assert.Superset(
            new HashSet<string>(["SecretBytes", "SecretKey", "ChainKey", "RatchetState", "SkippedKeys", "FloeState", "HandshakeSecrets"]),
            new HashSet<string>(owners.Select(owner => owner.Name)));
        string[] leaks =
        [
            .. from owner in owners
               where owner != typeof(SecretScope)
               from method in owner.GetMethods(All)
               where IsView(method.ReturnType)
               let name = $"{owner.Name}.{method.Name.Replace("get_", string.Empty, StringComparison.Ordinal)}"
               where !s_public.Contains(name)
               select name,
        ];
        Assert.Empty(leaks);
    }

    [Fact]
    public void No_array_of_a_secret_can_be_reached_but_by_its_owner()
    {
        FieldInfo bytes = Assert.Single(typeof(SecretBytes).GetFields(All), field => field.FieldType == typeof(byte[]));
        Assert.True(bytes.IsPrivate);
        Assert.DoesNotContain(typeof(SecretBytes).GetMethods(All), method => method.ReturnType == typeof(byte[]));
        Assert.DoesNotContain(s_types.SelectMany(type => type.GetFields(All)), field => field.FieldType == typeof(SecretScope));
    }

    [Fact]
    public void Every_use_of_a_secret_stands_in_a_using_declaration()
    {
        string folder = Path.Combine(Sources.Repository(), "src");
        string[] files = Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories);
        (string File, string Line)[] uses =
        [
            .. from file in files
               where !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
               from line in File.ReadLines(file)
               where Use().IsMatch(line) && !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
               select (Path.GetFileName(file), line.Trim()),
        ];
        Assert.True(uses.Length > 30);
        Assert.All(uses, use => Assert.Matches(Held(), use.Line));
    }

    /// <summary>Whether an instance holds a secret, itself or through what it holds.</summary>
    private static bool OwnsASecret(Type type) =>
        type == typeof(SecretBytes)
        || typeof(SecretKey).IsAssignableFrom(type)
        || type.GetFields(All).Any(field => !field.IsStatic
            && (field.FieldType == typeof(SecretBytes) || typeof(SecretKey).IsAssignableFrom(field.FieldType)));

    private static bool IsView(Type type) =>
        type.IsByRef
        || type.IsPointer
        || (type.IsGenericType && new[] { typeof(Span<>), typeof(ReadOnlySpan<>), typeof(Memory<>), typeof(ReadOnlyMemory<>) }
            .Contains(type.GetGenericTypeDefinition()));

    [GeneratedRegex(@"\.Use\(\)|\bUse\(\)")]
    private static partial Regex Use();

    [GeneratedRegex(@"^using (\(?SecretScope \w+ = [\w.!?\[\]]*Use\(\)[;)])|^(public|internal) SecretScope Use\(\)")]
    private static partial Regex Held();
}
