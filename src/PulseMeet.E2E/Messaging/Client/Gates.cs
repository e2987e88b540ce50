namespace PulseMeet.E2E.Messaging;

/// <summary>A turn that is asked for: alone, or shared with others who only need that nobody changes what it is about.</summary>
internal readonly record struct Turn(string Name, bool IsShared = false);

/// <summary>Turns by name: whoever changes what belongs to a user has the user's turn until the change is stored.</summary>
/// <remarks>Names are taken in one order, so that nobody waits in a circle; each is given in the order in which it was asked for, so that
/// those who share one do not keep out for ever whoever wants it alone. A user's turn is never held over a call of the relay. The
/// client's own rounds (one at a time of each kind) have turns too, which nothing else waits for. No lock is held while one waits.
/// Thread-safe.</remarks>
internal sealed class Gates
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Gate> _gates = new(StringComparer.Ordinal);

    /// <summary>The turn of this device's prekeys; before all users' in the order.</summary>
    public static Turn PreKeys { get; } = new("#prekeys");

    /// <summary>The turn of this device's key packages; before all users' in the order.</summary>
    public static Turn KeyPackages { get; } = new("#keypackages");

    /// <summary>The rounds of the outbox.</summary>
    public static Turn Outbox { get; } = new("!outbox");

    /// <summary>The pages of the mailbox.</summary>
    public static Turn Mailbox { get; } = new("!mailbox");

    /// <summary>Operations on the account.</summary>
    public static Turn Account { get; } = new("!account");

    /// <summary>Reserving numbers.</summary>
    public static Turn Sequence { get; } = new("~sequence");

    /// <summary>Counting what waits in the outbox.</summary>
    public static Turn Waiting { get; } = new("~waiting");

    /// <summary>Noting an upload.</summary>
    public static Turn Uploads { get; } = new("#uploads");

    /// <summary>The rounds of pulse chats.</summary>
    public static Turn Pulses { get; } = new("!pulses");

    /// <summary>What one pulse chat does at the relay; held over its calls.</summary>
    public static Turn PulseRound(PulseId pulse) => new("!p:" + pulse);

    /// <summary>The state of a pulse chat; before all users' in the order.</summary>
    public static Turn Pulse(PulseId pulse) => new("p:" + pulse);

    public static Turn User(string userId) => new("u:" + userId);

    /// <summary>For whoever reads what belongs to a user, and changes none of it.</summary>
    public static Turn SharedUser(string userId) => User(userId) with { IsShared = true };

    /// <summary>Waits for all of these turns. One that is asked for alone and shared is taken alone.</summary>
    /// <returns>Ends them when it is disposed.</returns>
    public async Task<IDisposable> EnterAsync(IEnumerable<Turn> turns, CancellationToken cancellationToken)
    {
        var taken = new Turns(this);
        try
        {
            foreach (Turn turn in InOrder(turns))
            {
                await EnterAsync(turn, cancellationToken).ConfigureAwait(false);
                taken.Entered.Add(turn);
            }

            return taken;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    private static IEnumerable<Turn> InOrder(IEnumerable<Turn> turns) => turns
        .OrderBy(turn => turn.Name, StringComparer.Ordinal)
        .ThenBy(turn => turn.IsShared)
        .DistinctBy(turn => turn.Name, StringComparer.Ordinal);

    private Task EnterAsync(Turn turn, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (_lock)
        {
            if (!_gates.TryGetValue(turn.Name, out Gate? gate))
            {
                _gates.Add(turn.Name, gate = new Gate());
            }

            if (gate.TryEnter(turn.IsShared))
            {
                return Task.CompletedTask;
            }

            waiter = gate.Wait(turn.IsShared);
        }

        return WaitAsync(turn.Name, waiter, cancellationToken);
    }

    private async Task WaitAsync(string name, Waiter waiter, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(_ => GiveUp(name, waiter, cancellationToken), null);
        await waiter.Entered.Task.ConfigureAwait(false);
    }

    /// <summary>Whoever was let in meanwhile has the turn all the same.</summary>
    private void GiveUp(string name, Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_gates.TryGetValue(name, out Gate? gate) && gate.GiveUp(waiter))
            {
                waiter.Entered.TrySetCanceled(cancellationToken);
                RemoveUnused(name, gate);
            }
        }
    }

    private void Leave(Turn turn)
    {
        lock (_lock)
        {
            Gate gate = _gates[turn.Name];
            gate.Leave();
            RemoveUnused(turn.Name, gate);
        }
    }

    private void RemoveUnused(string name, Gate gate)
    {
        if (gate.IsUnused)
        {
            _gates.Remove(name);
        }
    }

    /// <summary>One name's turn. For whoever has the lock.</summary>
    private sealed class Gate
    {
        private readonly LinkedList<Waiter> _waiting = [];
        private int _inside;
        private bool _isShared;

        public bool IsUnused => _inside == 0 && _waiting.Count == 0;

        public bool TryEnter(bool isShared)
        {
            if (_waiting.Count > 0 || !IsOpenTo(isShared))
            {
                return false;
            }

            Enter(isShared);
            return true;
        }

        public Waiter Wait(bool isShared)
        {
            var waiter = new Waiter(isShared);
            _waiting.AddLast(waiter);
            return waiter;
        }

        /// <returns>Whether it still waited.</returns>
        public bool GiveUp(Waiter waiter)
        {
            bool hasWaited = _waiting.Remove(waiter);
            LetIn();
            return hasWaited;
        }

        public void Leave()
        {
            _inside--;
            LetIn();
        }

        private bool IsOpenTo(bool isShared) => _inside == 0 || (isShared && _isShared);

        private void Enter(bool isShared)
        {
            _inside++;
            _isShared = isShared;
        }

        private void LetIn()
        {
            while (_waiting.First is { } first && IsOpenTo(first.Value.IsShared))
            {
                _waiting.RemoveFirst();
                Enter(first.Value.IsShared);
                first.Value.Entered.SetResult();
            }
        }
    }

    private sealed class Waiter(bool isShared)
    {
        public bool IsShared { get; } = isShared;

        /// <summary>Whoever waits goes on elsewhere than under the lock.</summary>
        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Turns(Gates gates) : IDisposable
    {
        public List<Turn> Entered { get; } = [];

        public void Dispose()
        {
            Entered.ForEach(gates.Leave);
            Entered.Clear();
        }
    }
}
