namespace PulseMeet.E2E.Encoding;

/// <summary>Moments as eight bytes of Unix seconds.</summary>
internal static class UnixTime
{
    private static readonly long s_min = DateTimeOffset.MinValue.ToUnixTimeSeconds();
    private static readonly long s_max = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <exception cref="E2EException">Outside the years 1 to 9999 (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static DateTimeOffset Read(ref SpanReader reader) => From(reader.ReadInt64());

    /// <exception cref="E2EException">Outside the years 1 to 9999 (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static DateTimeOffset From(long seconds)
    {
        if (seconds < s_min || seconds > s_max)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A time is out of range.");
        }

        return DateTimeOffset.FromUnixTimeSeconds(seconds);
    }

    /// <summary>The moment that long before; the first one there is where that would be earlier.</summary>
    public static DateTimeOffset Before(DateTimeOffset moment, TimeSpan age) =>
        age > moment - DateTimeOffset.MinValue ? DateTimeOffset.MinValue : moment - age;

    /// <summary>The moment that long after; the last one there is where that would be later.</summary>
    public static DateTimeOffset After(DateTimeOffset moment, TimeSpan period) =>
        period > DateTimeOffset.MaxValue - moment ? DateTimeOffset.MaxValue : moment + period;
}
