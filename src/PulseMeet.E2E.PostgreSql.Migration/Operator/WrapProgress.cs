namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>How far wrapping is. Counts are of this run.</summary>
/// <param name="Keys">Legacy key rows looked at.</param>
/// <param name="TotalKeys">Legacy key rows there were when the run began.</param>
/// <param name="Wrapped">Wrapped copies made.</param>
/// <param name="Problems">Members or keys that could not be served.</param>
/// <param name="Elapsed">Since the run began.</param>
public sealed record WrapProgress(long Keys, long TotalKeys, long Wrapped, long Problems, TimeSpan Elapsed)
{
    /// <summary>Wrapped copies per second.</summary>
    public double Rate => Elapsed > TimeSpan.Zero ? Wrapped / Elapsed.TotalSeconds : 0;
}
