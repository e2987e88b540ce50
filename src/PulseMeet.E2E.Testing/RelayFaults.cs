namespace PulseMeet.E2E.Testing;

/// <summary>How often an <see cref="UnreliableRelay"/> does what a relay must not do: probabilities from 0 (never, the
/// default) to 1 (always), each per call or per item.</summary>
public sealed record RelayFaults
{
    /// <summary>Everything, each in one of twenty cases: a bad day.</summary>
    public static RelayFaults Some { get; } = Each(0.05);

    /// <summary>A call that never reaches the relay.</summary>
    public double LostRequests { get; init; }

    /// <summary>A call that the relay carries out and whose answer never arrives.</summary>
    public double LostAnswers { get; init; }

    /// <summary>A call that reaches the relay twice.</summary>
    public double Doubled { get; init; }

    /// <summary>An item in the mailbox that a page leaves out, so that a later one has it.</summary>
    public double Delayed { get; init; }

    /// <summary>A page whose items are in no order.</summary>
    public double Reordered { get; init; }

    /// <summary>An item that comes again, also after it was acknowledged.</summary>
    public double Repeated { get; init; }

    /// <summary>What is promised to be kept and is not: an envelope, an item, a publication, a copy.</summary>
    public double Forgotten { get; init; }

    /// <summary>A changed answer: senders, times, ids, bits, counts, revisions, older device lists, bundles left out.</summary>
    public double Lies { get; init; }

    /// <summary>Every fault with one probability.</summary>
    /// <param name="probability">0 to 1.</param>
    public static RelayFaults Each(double probability) => new()
    {
        LostRequests = probability,
        LostAnswers = probability,
        Doubled = probability,
        Delayed = probability,
        Reordered = probability,
        Repeated = probability,
        Forgotten = probability,
        Lies = probability,
    };

    internal void Check()
    {
        foreach (double probability in (double[])[LostRequests, LostAnswers, Doubled, Delayed, Reordered, Repeated, Forgotten, Lies])
        {
            if (probability is not (>= 0 and <= 1))
            {
                throw new ArgumentException("A probability is not between 0 and 1.");
            }
        }
    }
}
