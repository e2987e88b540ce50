using System.Security.Cryptography;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <content>Pulse chats: their records and groups, which go into the batch with all else.</content>
internal sealed partial class Work
{
    private readonly Dictionary<PulseId, OpenPulse> _pulses = [];

    /// <summary>Groups for which this unit of work has taken a Welcome in.</summary>
    public HashSet<PulseId> Invitations { get; } = [];

    /// <summary>Groups to which a Welcome had come before this unit of work; null while nobody has asked.</summary>
    public HashSet<PulseId>? EarlierInvitations { get; set; }

    /// <summary>This device as it is in groups, by its account's newest list.</summary>
    /// <exception cref="E2EException">It is not on that list (<see cref="E2EError.UnlistedDevice"/>).</exception>
    public async ValueTask<GroupDevice> GroupDeviceAsync()
    {
        UserRecord own = await UserAsync(_core.Address.UserId).ConfigureAwait(false) ?? throw new E2EException(E2EError.StoreDamaged);
        return _core.Shelf.DeviceOf(_core.Identity, own.List);
    }

    /// <summary>A pulse chat; null for one that this device was never in. For whoever has its turn.</summary>
    /// <exception cref="E2EException">This device is not on its account's list (<see cref="E2EError.UnlistedDevice"/>).</exception>
    public async ValueTask<OpenPulse?> PulseAsync(PulseId id)
    {
        if (_pulses.TryGetValue(id, out OpenPulse? pulse))
        {
            return pulse;
        }

        byte[]? bytes = await ReadAsync(RecordKey.Pulses, id.ToArray()).ConfigureAwait(false);
        if (bytes is null)
        {
            return null;
        }

        GroupDevice device = await GroupDeviceAsync().ConfigureAwait(false);
        PulseGroup? group = _core.Shelf.Take(id) ?? await ReadGroupAsync(id, device).ConfigureAwait(false);
        if (group is { IsRemoved: false })
        {
            group.UseDevice(device);
        }

        return _pulses[id] = new OpenPulse(id, PulseRecord.Decode(bytes), group, bytes);
    }

    /// <summary>A pulse chat that this device is in from this unit of work on.</summary>
    public OpenPulse AddPulse(PulseId id, PulseRecord record, PulseGroup group)
    {
        var pulse = new OpenPulse(id, record, null, null);
        if (_pulses.TryGetValue(id, out OpenPulse? before) && before.Group is { } old)
        {
            pulse.Replaced.Add(old);
        }

        pulse.Group = group;
        pulse.Change();
        return _pulses[id] = pulse;
    }

    private async ValueTask<PulseGroup?> ReadGroupAsync(PulseId id, GroupDevice device)
    {
        byte[]? epochs = await ReadAsync(RecordKey.PulseEpochs, id.ToArray()).ConfigureAwait(false);
        byte[]? ratchets = await ReadAsync(RecordKey.PulseRatchets, id.ToArray()).ConfigureAwait(false);
        try
        {
            return epochs is null || ratchets is null ? null : PulseGroup.Deserialize(epochs, ratchets, device, _core.Time);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(epochs);
            CryptographicOperations.ZeroMemory(ratchets);
        }
    }

    private void GatherPulses(List<byte[]> secrets)
    {
        foreach (OpenPulse pulse in _pulses.Values)
        {
            if (pulse.HasNewEpochs && pulse.Group is { IsRemoved: false } current)
            {
                pulse.Record.LastEpoch = Math.Max(pulse.Record.LastEpoch, current.Epoch);
            }

            byte[] record = pulse.Record.Encode();
            if (pulse.Stored is null || !PublicBytes.Equal(record, pulse.Stored))
            {
                Put(RecordKey.Pulses, pulse.Id.ToArray(), record);
            }

            if (pulse.Group is null)
            {
                continue;
            }

            if (pulse.HasNewEpochs)
            {
                byte[] epochs = pulse.Group.SerializeEpochs();
                secrets.Add(epochs);
                Put(RecordKey.PulseEpochs, pulse.Id.ToArray(), epochs);
            }

            if (pulse.HasNewRatchets)
            {
                byte[] ratchets = pulse.Group.SerializeRatchets();
                secrets.Add(ratchets);
                Put(RecordKey.PulseRatchets, pulse.Id.ToArray(), ratchets);
            }
        }
    }

    /// <summary>Groups that are as the store has them are kept for the next one; what was changed and not written has not
    /// happened.</summary>
    private void ReturnPulses()
    {
        foreach (OpenPulse pulse in _pulses.Values)
        {
            if (pulse.Group is not null)
            {
                if (_isCommitted || !pulse.IsChanged)
                {
                    _core.Shelf.Put(pulse.Id, pulse.Group);
                }
                else
                {
                    pulse.Group.Dispose();
                }
            }

            pulse.Replaced.ForEach(group => group.Dispose());
        }

        _pulses.Clear();
    }

    private void GatherPulseStream(StreamName name, IncomingStream stream, byte[] key)
    {
        byte[] item = [.. name.Conversation.Encoded[^PulseId.Size..], .. key];
        if (stream.Baseline == 0)
        {
            return;
        }

        Put(RecordKey.PulseStreams, item, name.Encode());
        if (stream.NoticedAt is null && stream.AskedAt is null)
        {
            Delete(RecordKey.PulseGaps, item);
        }
        else
        {
            Put(RecordKey.PulseGaps, item, name.Encode());
        }
    }
}
