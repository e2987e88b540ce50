namespace PulseMeet.E2E.Testing;

/// <summary>What happens to the calls of one unreliable world: decides by the seed, and counts what was decided.</summary>
internal sealed class Misfortune
{
    private readonly Chance _chance;
    private readonly RelayFaults _faults;
    private int _count;

    public Misfortune(RelayFaults faults, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(faults);
        faults.Check();
        _faults = faults;
        _chance = new(seed);
    }

    public bool IsHonest { get; set; }

    public int Count => Volatile.Read(ref _count);

    public bool Strikes(Func<RelayFaults, double> fault)
    {
        if (IsHonest || !_chance.Happens(fault(_faults)))
        {
            return false;
        }

        Interlocked.Increment(ref _count);
        return true;
    }

    public int Below(int bound) => _chance.Below(bound);

    /// <summary>A copy with one bit changed; an empty one gains a byte.</summary>
    public byte[] ChangeBit(ReadOnlyMemory<byte> bytes)
    {
        byte[] changed = bytes.Length == 0 ? [0] : bytes.ToArray();
        changed[Below(changed.Length)] ^= (byte)(1 << Below(8));
        return changed;
    }

    /// <summary>A copy in an order of chance (Fisher and Yates).</summary>
    public List<T> Shuffle<T>(IEnumerable<T> items)
    {
        List<T> shuffled = [.. items];
        for (int i = shuffled.Count - 1; i > 0; i--)
        {
            int other = Below(i + 1);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }

        return shuffled;
    }

    /// <summary>A call with its losses and repetitions.</summary>
    public async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        if (Strikes(faults => faults.LostRequests))
        {
            throw new E2EException(E2EError.RelayUnavailable, "The request was lost.");
        }

        T answer = await call().ConfigureAwait(false);
        if (Strikes(faults => faults.Doubled))
        {
            answer = await call().ConfigureAwait(false);
        }

        return Strikes(faults => faults.LostAnswers)
            ? throw new E2EException(E2EError.RelayUnavailable, "The answer was lost.")
            : answer;
    }

    public Task CallAsync(Func<Task> call) => CallAsync(async () =>
    {
        await call().ConfigureAwait(false);
        return true;
    });
}
