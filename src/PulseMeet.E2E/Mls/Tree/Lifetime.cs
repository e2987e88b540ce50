namespace PulseMeet.E2E.Mls;

/// <summary>Lifetime (RFC 9420, section 7.2), in Unix seconds.</summary>
internal readonly record struct Lifetime(ulong NotBefore, ulong NotAfter)
{
    public bool Contains(DateTimeOffset time)
    {
        long seconds = time.ToUnixTimeSeconds();
        return seconds >= 0 && (ulong)seconds >= NotBefore && (ulong)seconds <= NotAfter;
    }

    public static Lifetime From(DateTimeOffset start, TimeSpan length) =>
        new((ulong)start.ToUnixTimeSeconds(), (ulong)(start + length).ToUnixTimeSeconds());
}
