using PulseMeet.E2E.Benchmarks.Enforcing;
using PulseMeet.E2E.Benchmarks.Handshake;
using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Benchmarks.Ratchet;

namespace PulseMeet.E2E.Benchmarks.Peers;

/// <summary>This library's sessions, measured as peers/libsignal.mjs measures the peer's: messages of 256 bytes, one session
/// at a time, prekeys made outside the measured time.</summary>
internal static class SessionRows
{
    private const int MessageSize = 256;

    public static IReadOnlyDictionary<string, double> Measure() => new Dictionary<string, double>
    {
        ["setupNew"] = Time(new NewPeerWorkloads().Both),
        ["setup"] = Time(new HandshakeWorkloads().BothFromBytes),
        ["oneWay"] = Time(new RatchetWorkloads(MessageSize).OneWay),
        ["pingPong"] = Time(new RatchetWorkloads(MessageSize).PingPong),
        ["oneWayStored"] = Time(new RatchetWorkloads(MessageSize).OneWayStored),
        ["pingPongStored"] = Time(new RatchetWorkloads(MessageSize).PingPongStored),
    };

    public static IReadOnlyDictionary<string, int> MeasureSizes()
    {
        IReadOnlyDictionary<string, int> sizes = WireSizes.Measure();
        return new Dictionary<string, int> { ["direct"] = sizes["wire.direct"], ["first"] = sizes["wire.first"] };
    }

    internal static double Time(Workload workload) => Stopwatching.Measure("", workload).Undisturbed;
}
