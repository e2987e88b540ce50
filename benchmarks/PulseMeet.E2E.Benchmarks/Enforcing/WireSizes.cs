using PulseMeet.E2E.Benchmarks.Ratchet;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Benchmarks.Enforcing;

/// <summary>How many bytes a message is longer than its plaintext; without padding, whose one marker byte counts as
/// overhead.</summary>
internal static class WireSizes
{
    private const int PlaintextSize = 256;

    public static IReadOnlyDictionary<string, int> Measure()
    {
        var pair = new Pair(PaddingScheme.None);
        return new Dictionary<string, int>
        {
            ["wire.direct"] = pair.Alice.Seal(new byte[PlaintextSize]).Length - PlaintextSize,
            ["wire.first"] = pair.FirstMessage.Length,
        };
    }
}
