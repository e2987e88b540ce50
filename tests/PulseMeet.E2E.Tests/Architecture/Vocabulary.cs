using System.Reflection;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Architecture;

/// <summary>One word, one meaning, over the whole public API: what has a form that travels has <c>Encode</c> and <c>Decode</c>; what is stored
/// with its secrets <c>Serialize</c> and <c>Deserialize</c>; what is nothing but bytes <c>ToArray</c> and <c>FromBytes</c>; a secret key
/// <c>Export</c> and <c>Import</c>.</summary>
public sealed class Vocabulary
{
    private static readonly (string Write, string Read)[] s_pairs =
    [
        ("Encode", "Decode"), ("Serialize", "Deserialize"), ("ToArray", "FromBytes"), ("Export", "Import"),
    ];

    private static readonly Type[] s_public = [.. typeof(SecretBytes).Assembly.GetExportedTypes()];

    [Fact]
    public void What_is_read_by_one_word_is_written_by_its_counterpart_and_no_other()
    {
        (Type Type, string Read)[] readers =
        [
            .. from type in s_public
               from pair in s_pairs
               where type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Any(method => method.Name == pair.Read)
               select (type, pair.Read),
        ];
        Assert.True(readers.Length > 20);
        Assert.All(readers, reader => Assert.Equal(
            [s_pairs.Single(pair => pair.Read == reader.Read).Write],
            s_pairs.Select(pair => pair.Write).Where(write => Writes(reader.Type, write))));
    }

    [Fact]
    public void One_time_prekeys_are_pairs_wherever_they_are_named() => Assert.DoesNotContain(
        s_public.SelectMany(type => type.GetMembers()),
        member => member.Name.Contains("OneTimePreKeys", StringComparison.Ordinal) || member.Name.Contains("PostQuantum", StringComparison.Ordinal));

    private static bool Writes(Type type, string name) => type.GetMethods(BindingFlags.Public | BindingFlags.Instance).Any(method => method.Name == name);
}
