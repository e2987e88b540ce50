using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>Items that are left at the relay until the clocks agree: their sender's certificate or device list is of a clock that is ahead of this one,
/// or this one is behind.</summary>
/// <remarks>They are not acknowledged, and looked at again after a while, and after every start. Bounded, in all and for each user: what is one too many is
/// refused as anything that cannot be read. For whoever has the mailbox's turn.</remarks>
internal sealed class EarlyItems(TimeProvider time)
{
    /// <summary>The most items that are left.</summary>
    public const int Max = 256;

    /// <summary>The most of one user's.</summary>
    public const int MaxPerUser = 32;

    /// <summary>How long the relay is not asked for one again.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMinutes(1);

    private readonly Dictionary<long, (string UserId, DateTimeOffset At)> _left = [];

    /// <summary>Those that are not asked for now. A clock that was moved lets all be asked for.</summary>
    public long[] Waiting => [.. _left.Where(item => (time.GetUtcNow() - item.Value.At).Duration() < s_pause).Select(item => item.Key)];

    /// <summary>Whether an item is left.</summary>
    public bool Has(long id) => _left.ContainsKey(id);

    /// <summary>Leaves an item at the relay.</summary>
    /// <param name="id">The relay's id.</param>
    /// <param name="sender">Whose it is, as the relay says.</param>
    /// <returns>Whether there was room.</returns>
    public bool TryLeave(long id, DeviceAddress sender)
    {
        if (_left.Count >= Max || _left.Values.Count(item => item.UserId == sender.UserId) >= MaxPerUser)
        {
            return false;
        }

        _left[id] = (sender.UserId, time.GetUtcNow());
        return true;
    }

    /// <summary>Notes that an item is looked at again: it is left once more, or not.</summary>
    /// <returns>Whether it was left before.</returns>
    public bool Take(long id) => _left.Remove(id);
}
