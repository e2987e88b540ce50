using PulseMeet.E2E.Review.Mls;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>Every decoder against bytes that nobody honest writes. eng/mls-fuzz.sh goes on for longer.</summary>
public sealed class HostileBytes
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Whatever_the_bytes_they_are_read_or_refused_with_a_reason(int seed)
    {
        var fuzz = new MlsFuzz(seed);
        fuzz.Run(120);
        Assert.True(fuzz.Counts.Refused > 1000, $"{fuzz.Counts}");
    }
}
