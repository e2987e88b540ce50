using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>What was derived ahead for chains that have not begun, one for each ratchet key that stood in an authentic header.</summary>
/// <remarks>A peer that keeps to the protocol has one ratchet key in its next chain, and another one where it was restored from a
/// copy. Not thread-safe.</remarks>
internal sealed class StepLookaheads : IDisposable
{
    private readonly List<(byte[] RatchetKey, Lookahead Marks)> _all = [];

    /// <returns>Null where as many ratchet keys as the bound allows had messages far ahead, and none of them opened.</returns>
    public Lookahead? For(ReadOnlySpan<byte> ratchetKey)
    {
        int found = Find(ratchetKey);
        if (found >= 0)
        {
            return _all[found].Marks;
        }

        if (_all.Count == RatchetLimits.MaxTrialRatchetKeys)
        {
            return null;
        }

        var marks = new Lookahead();
        _all.Add((ratchetKey.ToArray(), marks));
        return marks;
    }

    /// <summary>Gives what belongs to the chain that begins now, and zeroes the others.</summary>
    public Lookahead? Take(ReadOnlySpan<byte> ratchetKey)
    {
        Lookahead? taken = null;
        int found = Find(ratchetKey);
        if (found >= 0)
        {
            taken = _all[found].Marks;
            _all.RemoveAt(found);
        }

        Dispose();
        return taken;
    }

    public void Dispose()
    {
        _all.ForEach(entry => entry.Marks.Dispose());
        _all.Clear();
    }

    private int Find(ReadOnlySpan<byte> ratchetKey)
    {
        for (int i = 0; i < _all.Count; i++)
        {
            if (PublicBytes.Equal(_all[i].RatchetKey, ratchetKey))
            {
                return i;
            }
        }

        return -1;
    }
}
