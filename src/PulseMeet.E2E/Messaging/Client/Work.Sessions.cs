using System.Security.Cryptography;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>Sessions as they are read, changed and written in a unit of work.</content>
internal sealed partial class Work
{
    public async ValueTask<PeerRecord> PeerAsync(DeviceAddress device)
    {
        if (_peers.TryGetValue(device, out (PeerRecord Record, byte[]? Stored) peer))
        {
            return peer.Record;
        }

        byte[]? bytes = await ReadAsync(RecordKey.Peers, RecordKey.Of(device)).ConfigureAwait(false);
        PeerRecord record = bytes is null ? new PeerRecord() : PeerRecord.Decode(bytes);
        _peers[device] = (record, bytes);
        return record;
    }

    public async ValueTask<RatchetSession?> SessionAsync(DeviceAddress device, SessionId id)
    {
        if (_sessions.TryGetValue((device, id), out RatchetSession? session))
        {
            return session;
        }

        byte[] key = RecordKey.Of(device, id);
        if (_writes.ContainsKey(StoreName.Of(RecordKey.Sessions, key))
            || await _core.Store.FindAsync(RecordKey.Sessions, key, _cancellation).ConfigureAwait(false) is not { } salt)
        {
            // It was dropped in this unit of work, or is not there.
            return null;
        }

        if (_core.Sessions.Take(device, id, salt) is { } shelved)
        {
            return _sessions[(device, id)] = shelved;
        }

        byte[]? bytes = (await _core.Store.ReadAsync(RecordKey.Sessions, key, isKept: false, _cancellation).ConfigureAwait(false))?.Value;
        try
        {
            return bytes is null
                ? null
                : _sessions[(device, id)] = RatchetSession.Deserialize(bytes, _core.Options.Ratchet, _core.Time);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    public void AddSession(DeviceAddress device, SessionId id, RatchetSession session)
    {
        _sessions[(device, id)] = session;
        ChangeSession(device, id);
    }

    public void ChangeSession(DeviceAddress device, SessionId id) => _changedSessions.Add((device, id));

    public void DropSessions(DeviceAddress device, IEnumerable<SessionId> ids)
    {
        foreach (SessionId id in ids)
        {
            if (_sessions.Remove((device, id), out RatchetSession? session))
            {
                session.Dispose();
            }

            _changedSessions.Remove((device, id));
            _core.Sessions.Drop(device, id);
            Delete(RecordKey.Sessions, RecordKey.Of(device, id));
        }
    }

    /// <summary>Sessions that were written are at hand for the next unit of work.</summary>
    private void Shelve(byte[] salt)
    {
        foreach ((DeviceAddress Device, SessionId Id) changed in _changedSessions)
        {
            if (_sessions.Remove(changed, out RatchetSession? session))
            {
                _core.Sessions.Put(changed.Device, changed.Id, salt, session);
            }
        }
    }
}
