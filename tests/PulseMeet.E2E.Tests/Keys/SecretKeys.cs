using System.Reflection;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Keys;

/// <summary>Attack 35: keys do not print, and are zeroed when disposed. Every kind of key of the assembly is tried.</summary>
public sealed class SecretKeys
{
    private static readonly byte[] s_secret = [.. Enumerable.Range(1, 64).Select(i => (byte)(i * 3))];

    private static readonly Type[] s_kinds =
        [.. typeof(SecretKey).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(SecretKey)))];

    public static TheoryData<Type> Kinds() => new(s_kinds);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_key_prints_its_kind_and_length_alone(Type kind)
    {
        using SecretKey key = Import(kind);
        Assert.Equal($"{kind.Name} ({key.Size} bytes)", key.ToString());
        Assert.All(
            kind.GetProperties(BindingFlags.Public | BindingFlags.Instance),
            property => Assert.False(property.PropertyType == typeof(byte[]) || property.PropertyType.Name.Contains("Span", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_disposed_key_is_zeroed_and_gives_nothing_away(Type kind)
    {
        SecretKey key = Import(kind);
        ReadOnlySpan<byte> memory;
        using (SecretScope bytes = key.Use())
        {
            memory = bytes.Span;
            Assert.True(memory.SequenceEqual(s_secret.AsSpan(0, key.Size)));
        }

        key.Dispose();
        Assert.True(memory.IndexOfAnyExcept((byte)0) < 0);
        byte[] copy = new byte[key.Size];
        Assert.Throws<ObjectDisposedException>(() => key.Export(copy));
        Assert.Throws<ObjectDisposedException>(() => key.FixedTimeEquals(key));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Keys_compare_by_kind_and_bytes(Type kind)
    {
        using SecretKey key = Import(kind);
        using SecretKey same = Import(kind);
        Assert.True(key.FixedTimeEquals(same));
        foreach (Type other in s_kinds.Where(other => other != kind))
        {
            using SecretKey another = Import(other);
            Assert.False(key.FixedTimeEquals(another));
        }
    }

    [Fact]
    public void No_exception_session_or_result_prints_what_it_was_about()
    {
        SessionPair pair = Sessions.Established();
        byte[] message = pair.Alice.Seal("a secret text"u8);
        message[^1] ^= 1;
        string printed = Assert.Throws<E2EException>(() => pair.Bob.Open(message)).ToString() + pair.Bob;
        Assert.DoesNotContain("secret text", printed, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(message.AsSpan(0, 24)), printed, StringComparison.Ordinal);
        Assert.DoesNotContain("alice", pair.Bob.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(nameof(RatchetSession), pair.Bob.ToString());
    }

    private static SecretKey Import(Type kind)
    {
        MethodInfo import = kind.GetMethod("Import", [typeof(ReadOnlySpan<byte>)])
            ?? throw new InvalidOperationException($"{kind.Name} cannot be imported.");
        return import.CreateDelegate<ImportKey>()(s_secret.AsSpan(0, kind == typeof(MlKemKeyPair) ? 64 : 32));
    }

    private delegate SecretKey ImportKey(ReadOnlySpan<byte> key);
}
