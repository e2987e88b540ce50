using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Benchmarks.Client;

/// <summary>A message that a client takes, over a store in memory.</summary>
internal sealed class ClientWorkloads(int length)
{
    private readonly ClientPair _pair = ClientPair.BeginAsync(_ => new InMemoryStore(), length).GetAwaiter().GetResult();

    /// <summary>Durable when it returns; what was written before has arrived by then, outside the measured time.</summary>
    public Workload Send => new(() => _pair.SendAsync().GetAwaiter().GetResult(), _ => _pair.PassAsync().GetAwaiter().GetResult());
}
