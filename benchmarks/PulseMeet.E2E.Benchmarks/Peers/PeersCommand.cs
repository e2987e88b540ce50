using PulseMeet.E2E.Benchmarks.Measuring;

namespace PulseMeet.E2E.Benchmarks.Peers;

/// <summary>One round of what peers/run.sh compares: this library and NSec. The other peers are programs of their own.</summary>
internal static class PeersCommand
{
    public static int Run(string? resultFile)
    {
        if (resultFile is null)
        {
            Console.Error.WriteLine("--peers needs --json FILE.");
            return 2;
        }

        ResultFile.Write(resultFile, new
        {
            Sessions = SessionRows.Measure().Concat(GroupRows.Measure()).ToDictionary(),
            Sizes = SessionRows.MeasureSizes().Concat(GroupRows.MeasureSizes()).ToDictionary(),
            Primitives = PrimitivePeers.MeasureOwn(),
            Nsec = PrimitivePeers.MeasureNSec(),
            NsecHeld = PrimitivePeers.MeasureNSecHeld(),
        });
        return 0;
    }
}
