namespace PulseMeet.E2E.Primitives;

/// <summary>Comparison and hashing of public values (keys, identifiers), where time tells nothing.</summary>
internal static class PublicBytes
{
#pragma warning disable RS0030 // The one place for it: these values are public.
    public static bool Equal(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => left.SequenceEqual(right);
#pragma warning restore RS0030

    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => left.SequenceCompareTo(right);

    public static int Hash(ReadOnlySpan<byte> value)
    {
        var hash = default(HashCode);
        hash.AddBytes(value);
        return hash.ToHashCode();
    }
}
