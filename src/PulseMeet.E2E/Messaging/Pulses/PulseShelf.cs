using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>Groups that were used lately, as they are in the store, and this device as it is in groups. To read a large group out of the
/// store takes longer than to seal a message.</summary>
/// <remarks>A group lies here or is with whoever has its turn, never both. Thread-safe; bounded; owns what lies in it.</remarks>
internal sealed class PulseShelf : IDisposable
{
    private const int MaxGroups = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<PulseId, PulseGroup> _groups = [];
    private readonly Queue<PulseId> _order = new();
    private readonly List<GroupDevice> _retired = [];
    private GroupDevice? _device;
    private byte[] _deviceList = [];
    private bool _isDisposed;

    /// <summary>This device by its account's newest list. The shelf's own: not to be disposed.</summary>
    /// <exception cref="E2EException">It is not on the list (<see cref="E2EError.UnlistedDevice"/>).</exception>
    public GroupDevice DeviceOf(DeviceIdentity identity, DeviceList list)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_device is null || !PublicBytes.Equal(_deviceList, list.Hash))
            {
                var next = new GroupDevice(identity, list);
                if (_device is not null)
                {
                    // A group may be using it: it goes with the client.
                    _retired.Add(_device);
                }

                _device = next;
                _deviceList = list.Hash.ToArray();
            }

            return _device;
        }
    }

    /// <summary>Takes a group out; null where it is not there. Whoever takes it puts it back, or disposes it.</summary>
    public PulseGroup? Take(PulseId id)
    {
        lock (_lock)
        {
            return _groups.Remove(id, out PulseGroup? group) ? group : null;
        }
    }

    /// <summary>Puts a group there that is as the store has it.</summary>
    public void Put(PulseId id, PulseGroup group)
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                group.Dispose();
                return;
            }

            if (_groups.Remove(id, out PulseGroup? before))
            {
                before.Dispose();
            }

            _groups.Add(id, group);
            _order.Enqueue(id);
            while (_order.Count > MaxGroups)
            {
                // A group that was used since stands further behind, too.
                PulseId oldest = _order.Dequeue();
                if (!_order.Contains(oldest) && _groups.Remove(oldest, out PulseGroup? gone))
                {
                    gone.Dispose();
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (PulseGroup group in _groups.Values)
            {
                group.Dispose();
            }

            _groups.Clear();
            _device?.Dispose();
            _retired.ForEach(device => device.Dispose());
        }
    }
}
