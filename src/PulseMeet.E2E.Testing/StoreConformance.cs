using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Testing;

/// <summary>The rules of <see cref="IE2EStore"/>, each as a check that an implementation passes or not.</summary>
/// <remarks>
/// docs/protocol-relay.md, "The device's store". Needs no test framework: a test asserts that <see cref="RunAsync"/> gives
/// nothing, or calls <see cref="CheckAsync"/> for each of <see cref="Rules"/>. What a store does when the process or the power dies is shown by
/// killing it, not here.
/// </remarks>
public sealed partial class StoreConformance
{
    private static readonly Dictionary<string, Func<StoreTrial, Task>> s_rules = new()
    {
        ["A new store is empty and at revision 0"] = NewStore,
        ["What was written is read byte for byte"] = Values,
        ["The longest value is kept"] = LongestValue,
        ["A put replaces, a deletion removes, a deletion of nothing is nothing"] = PutAndDelete,
        ["Tables are apart"] = Tables,
        ["A scan gives the keys above one, in unsigned order, at most so many"] = ScanOrder,
        ["A scan gives the keys that begin with a prefix"] = ScanPrefix,
        ["Arrays that the caller changes later change nothing in the store"] = Copies,
        ["Every batch raises the revision by one, an empty one too"] = Revisions,
        ["A batch on another revision is a conflict and writes nothing"] = Conflict,
        ["A key twice or of a wrong length, and a value too long, are refused as arguments and nothing is written"] = Arguments,
        ["A batch that was cancelled before it began writes nothing"] = Cancelled,
        ["Of batches that race on one revision one is written"] = Race,
        ["Readers see whole batches only"] = WholeBatches,
        ["What was written is there after the store was closed and opened again"] = Reopened,
        ["A second lease is refused while the first is held"] = SecondLease,
        ["A lease that was given back can be taken, its generation rises, its batches are refused"] = Released,
        ["A handover takes the store from its holder, who is told and writes nothing more"] = Handover,
        ["Giving back a lost lease leaves the next holder alone"] = LateRelease,
        ["Disposing gives the lease back"] = Disposed,
        ["Reading needs no lease"] = ReadingWithoutLease,
        ["Wiping leaves an empty store at revision 0 that can be written"] = Wiped,
        ["Wiping under a lost lease is refused and deletes nothing"] = WipeWithoutLease,
    };

    private readonly Func<int, IE2EStore> _open;
    private int _places;

    /// <param name="open">Opens a store at a numbered place: at the same place the same store, at a new one an empty one. What it
    /// gives is disposed, and the place may be opened again, also while it is open.</param>
    public StoreConformance(Func<int, IE2EStore> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        _open = open;
    }

    /// <summary>The rules, in a sentence each.</summary>
    public static IReadOnlyList<string> Rules { get; } = [.. s_rules.Keys];

    /// <summary>Checks all rules.</summary>
    /// <param name="cancellationToken">Looked at between rules.</param>
    /// <returns>Those that are broken; empty for a store that keeps the contract.</returns>
    public async Task<IReadOnlyList<BrokenRule>> RunAsync(CancellationToken cancellationToken = default)
    {
        List<BrokenRule> broken = [];
        foreach (string rule in Rules)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await CheckAsync(rule).ConfigureAwait(false) is { } found)
            {
                broken.Add(found);
            }
        }

        return broken;
    }

    /// <summary>Checks one rule on a place of its own.</summary>
    /// <param name="rule">One of <see cref="Rules"/>.</param>
    /// <returns>What is broken, or null.</returns>
    /// <exception cref="ArgumentException">There is no such rule.</exception>
    public async Task<BrokenRule?> CheckAsync(string rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        if (!s_rules.TryGetValue(rule, out Func<StoreTrial, Task>? check))
        {
            throw new ArgumentException("There is no such rule.", nameof(rule));
        }

        int place = Interlocked.Increment(ref _places);
        var trial = new StoreTrial(() => _open(place));
        try
        {
            await check(trial).ConfigureAwait(false);
            return null;
        }
#pragma warning disable CA1031 // Whatever a store throws that the rule does not foresee breaks it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new BrokenRule(rule, e is StoreTrial.BrokenException ? e.Message : $"{e.GetType().Name}: {e.Message}");
        }
        finally
        {
            await trial.EndAsync().ConfigureAwait(false);
        }
    }
}
