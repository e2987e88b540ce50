using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;

namespace PulseMeet.E2E.Messaging;

/// <summary>Sessions that were changed lately, as they are in the store: to read one takes longer than to seal a message.</summary>
/// <remarks>A session lies here or is with a unit of work, never both; it is given out for the very write that the store has now, so that
/// a session that was written since, by whomever, is read anew. Bounded. Thread-safe; owns what lies in it.</remarks>
internal sealed class SessionShelf : IDisposable
{
    /// <summary>The most sessions; beyond, the one that was longest here goes.</summary>
    public const int MaxSessions = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<(DeviceAddress, SessionId), LinkedListNode<Shelved>> _sessions = [];
    private readonly LinkedList<Shelved> _order = [];
    private bool _isDisposed;

    /// <summary>Takes a session out; null where it is not there, or is not the one that was written last. Whoever takes it disposes it, or
    /// puts it back once it is written.</summary>
    /// <param name="device">The other device.</param>
    /// <param name="id">The session.</param>
    /// <param name="salt">Names the session's record as it is in the store.</param>
    public RatchetSession? Take(DeviceAddress device, SessionId id, ReadOnlySpan<byte> salt)
    {
        lock (_lock)
        {
            if (!_sessions.Remove((device, id), out LinkedListNode<Shelved>? node))
            {
                return null;
            }

            _order.Remove(node);
            if (PublicBytes.Equal(node.Value.Salt, salt))
            {
                return node.Value.Session;
            }

            node.Value.Session.Dispose();
            return null;
        }
    }

    /// <summary>Puts a session there that was written.</summary>
    /// <param name="device">The other device.</param>
    /// <param name="id">The session.</param>
    /// <param name="salt">Names the write; kept.</param>
    /// <param name="session">In the state that was written; the shelf's from now on.</param>
    public void Put(DeviceAddress device, SessionId id, byte[] salt, RatchetSession session)
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                session.Dispose();
                return;
            }

            Remove(device, id);
            _sessions.Add((device, id), _order.AddFirst(new Shelved(device, id, salt, session)));
            if (_order.Count > MaxSessions)
            {
                Remove(_order.Last!.Value.Device, _order.Last.Value.Id);
            }
        }
    }

    /// <summary>Lets go of a session.</summary>
    public void Drop(DeviceAddress device, SessionId id)
    {
        lock (_lock)
        {
            Remove(device, id);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            while (_order.First is { } first)
            {
                Remove(first.Value.Device, first.Value.Id);
            }
        }
    }

    private void Remove(DeviceAddress device, SessionId id)
    {
        if (_sessions.Remove((device, id), out LinkedListNode<Shelved>? node))
        {
            _order.Remove(node);
            node.Value.Session.Dispose();
        }
    }

    private sealed record Shelved(DeviceAddress Device, SessionId Id, byte[] Salt, RatchetSession Session);
}
