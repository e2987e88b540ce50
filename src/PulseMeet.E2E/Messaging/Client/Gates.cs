namespace PulseMeet.E2E.Messaging;

/// <summary>Turns by name: whoever changes what belongs to a user has the user's turn until the change is stored.</summary>
/// <remarks>Names are taken in one order, so that nobody waits in a circle. A user's turn is never held over a call of the relay. The
/// client's own rounds (one at a time of each kind) have turns too, which nothing else waits for. No lock is held while one waits.
/// Thread-safe.</remarks>
internal sealed class Gates
{
    /// <summary>The turn of this device's prekeys; before all users' in the order.</summary>
    public const string PreKeys = "#prekeys";

    /// <summary>The turn of this device's key packages; before all users' in the order.</summary>
    public const string KeyPackages = "#keypackages";

    /// <summary>The rounds of the outbox.</summary>
    public const string Outbox = "!outbox";

    /// <summary>The pages of the mailbox.</summary>
    public const string Mailbox = "!mailbox";

    /// <summary>Operations on the account.</summary>
    public const string Account = "!account";

    /// <summary>Reserving numbers.</summary>
    public const string Sequence = "~sequence";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Gate> _gates = new(StringComparer.Ordinal);

    /// <summary>Noting an upload.</summary>
    public const string Uploads = "#uploads";

    /// <summary>The rounds of pulse chats.</summary>
    public const string Pulses = "!pulses";

    /// <summary>What one pulse chat does at the relay; held over its calls.</summary>
    public static string PulseRound(PulseId pulse) => "!p:" + pulse;

    /// <summary>The state of a pulse chat; before all users' in the order.</summary>
    public static string Pulse(PulseId pulse) => "p:" + pulse;

    public static string User(string userId) => "u:" + userId;

    /// <summary>Waits for all of these turns.</summary>
    /// <returns>Ends them when it is disposed.</returns>
    public async Task<IDisposable> EnterAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var turns = new Turns(this);
        try
        {
            foreach (string name in names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                Gate gate = Take(name);
                try
                {
                    await gate.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    Leave(name, gate);
                    throw;
                }

                turns.Entered.Add((name, gate));
            }

            return turns;
        }
        catch
        {
            turns.Dispose();
            throw;
        }
    }

    private Gate Take(string name)
    {
        lock (_lock)
        {
            if (!_gates.TryGetValue(name, out Gate? gate))
            {
                _gates.Add(name, gate = new Gate());
            }

            gate.Users++;
            return gate;
        }
    }

    private void Leave(string name, Gate gate)
    {
        lock (_lock)
        {
            if (--gate.Users == 0)
            {
                _gates.Remove(name);
                gate.Turn.Dispose();
            }
        }
    }

    private sealed class Gate
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public int Users { get; set; }
    }

    private sealed class Turns(Gates gates) : IDisposable
    {
        public List<(string Name, Gate Gate)> Entered { get; } = [];

        public void Dispose()
        {
            foreach ((string name, Gate gate) in Entered)
            {
                gate.Turn.Release();
                gates.Leave(name, gate);
            }

            Entered.Clear();
        }
    }
}
