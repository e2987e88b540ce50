using System.Security.Cryptography;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>A unit of work: what was read and changed under the turns that its maker holds, written in one batch or not at all.</summary>
/// <remarks>Not thread-safe. Owns the sessions that it has opened. What was not committed has not happened.</remarks>
internal sealed partial class Work : IAsyncDisposable
{
    private readonly ClientCore _core;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<byte[], byte[]?> _writes = new(StoreName.Comparer);
    private readonly Dictionary<string, UserRecord> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<DeviceAddress, (PeerRecord Record, byte[]? Stored)> _peers = [];
    private readonly Dictionary<(DeviceAddress, SessionId), RatchetSession> _sessions = [];
    private readonly HashSet<(DeviceAddress, SessionId)> _changedSessions = [];
    private readonly Dictionary<StreamName, (IncomingStream Stream, byte[]? Stored)> _incoming = [];
    private readonly List<E2EEvent> _events = [];
    private readonly List<byte[]> _secrets = [];
    private bool _isCommitted;

    public Work(ClientCore core, CancellationToken cancellationToken)
    {
        _core = core;
        _cancellation = cancellationToken;
        Now = core.Time.GetUtcNow();
    }

    public DateTimeOffset Now { get; }

    /// <summary>Whether the outbox or what is to be prepared for it gets something.</summary>
    public bool HasOutgoing { get; private set; }

    /// <summary>Whether the inbox gets something.</summary>
    public bool HasEvents => _events.Count > 0;

    /// <summary>How many messages came that had been named as missing.</summary>
    public int Recovered { get; set; }

    /// <summary>How many sessions were begun anew.</summary>
    public int Repaired { get; set; }

    /// <summary>Whether this device's prekeys were changed in memory, and go into the batch.</summary>
    public bool HasUsedPreKeys { get; set; }

    public async ValueTask<byte[]?> ReadAsync(byte table, byte[] key) =>
        _writes.TryGetValue(StoreName.Of(table, key), out byte[]? written)
            ? written
            : (await _core.Store.ReadAsync(table, key, _cancellation).ConfigureAwait(false))?.Value;

    /// <summary>How many records of a table begin so, up to a bound.</summary>
    public async ValueTask<int> CountAsync(byte table, byte[] prefix, int max)
    {
        byte[] name = StoreName.OfPart(table, prefix);
        int stored = (await _core.Store.ScanKeysAsync(
            table, default, prefix, max, key => !_writes.ContainsKey(StoreName.Of(table, key.Span)), _cancellation).ConfigureAwait(false)).Count;
        return stored + _writes.Count(write => write.Value is not null && write.Key.AsSpan().StartsWith(name));
    }

    public void Put(byte table, byte[] key, byte[] value) => _writes[StoreName.Of(table, key)] = value;

    /// <summary>Puts a record with secrets, which is zeroed when this unit of work ends.</summary>
    public void PutSecret(byte table, byte[] key, byte[] value)
    {
        _secrets.Add(value);
        Put(table, key, value);
    }

    /// <summary>Reads a record with secrets; the caller zeroes it.</summary>
    public async ValueTask<byte[]?> ReadSecretAsync(byte table, byte[] key)
    {
        byte[]? value = await ReadAsync(table, key).ConfigureAwait(false);
        return value is not null && _secrets.Contains(value) ? [.. value] : value;
    }

    public void Delete(byte table, byte[] key) => _writes[StoreName.Of(table, key)] = null;

    public async ValueTask<UserRecord?> UserAsync(string userId)
    {
        if (_users.TryGetValue(userId, out UserRecord? user))
        {
            return user;
        }

        byte[]? bytes = await ReadAsync(RecordKey.Users, RecordKey.Of(userId)).ConfigureAwait(false);
        if (bytes is null)
        {
            return null;
        }

        return _users[userId] = _core.Users.Decode(userId, bytes);
    }

    public void SetUser(UserRecord user)
    {
        _users[user.UserId] = user;
        Put(RecordKey.Users, RecordKey.Of(user.UserId), user.Encode());
    }

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

    public async ValueTask<IncomingStream> IncomingAsync(StreamName name)
    {
        if (_incoming.TryGetValue(name, out (IncomingStream Stream, byte[]? Stored) known))
        {
            return known.Stream;
        }

        byte[]? bytes = await ReadAsync(RecordKey.IncomingStreams, RecordKey.Of(name)).ConfigureAwait(false);
        IncomingStream stream = bytes is null ? new IncomingStream() : IncomingStream.Decode(bytes);
        if (stream.Baseline == 0
            && await ReadAsync(RecordKey.Correspondents, RecordKey.OfAllStreams(name)).ConfigureAwait(false) is { } first
            && StreamId.BegunAt(name.StreamId) >= RecordKey.ToNumber(first))
        {
            stream = IncomingStream.FromTheFirst();
        }

        _incoming[name] = (stream, bytes);
        return stream;
    }

    /// <summary>Notes when the first message of a device in a conversation was written: whatever stream it begins later, all of it is for this
    /// device.</summary>
    public async ValueTask NoteFirstAsync(StreamName name, DateTimeOffset writtenAt)
    {
        byte[] key = RecordKey.OfAllStreams(name);
        if (await ReadAsync(RecordKey.Correspondents, key).ConfigureAwait(false) is null)
        {
            Put(RecordKey.Correspondents, key, RecordKey.Of(writtenAt.ToUnixTimeMilliseconds()));
        }
    }

    /// <summary>The highest number that this device's stream has given in a conversation.</summary>
    public async ValueTask<ulong> HighestAsync(ConversationName conversation)
    {
        byte[]? bytes = await ReadAsync(RecordKey.OutgoingStreams, conversation.Encoded.ToArray()).ConfigureAwait(false);
        return bytes is not null && new MessageId(bytes.AsSpan(0, MessageId.Size)) == _core.StreamId
            ? (ulong)RecordKey.ToNumber(bytes.AsSpan(MessageId.Size))
            : 0;
    }

    /// <summary>The highest number that another stream has given.</summary>
    public async ValueTask<ulong> HighestAsync(ConversationName conversation, MessageId streamId)
    {
        byte[]? bytes = await ReadAsync(RecordKey.OtherStreams, RecordKey.Of(conversation, streamId)).ConfigureAwait(false);
        return bytes is null ? 0 : (ulong)RecordKey.ToNumber(bytes);
    }

    /// <summary>Numbers a message of one's own: in the device's own stream, or in the provisional one while the store may be an old copy.</summary>
    public async ValueTask<(MessageId StreamId, ulong Number)> NumberAsync(ConversationName conversation)
    {
        if (_core.OpenedAt is null)
        {
            return (_core.StreamId, await NextNumberAsync(conversation).ConfigureAwait(false));
        }

        ulong next = await HighestAsync(conversation, _core.ProvisionalStreamId).ConfigureAwait(false) + 1;
        PutOtherStream(conversation, _core.ProvisionalStreamId, next);
        return (_core.ProvisionalStreamId, next);
    }

    public void PutOtherStream(ConversationName conversation, MessageId streamId, ulong highest)
    {
        Put(RecordKey.OtherStreams, RecordKey.Of(conversation, streamId), RecordKey.Of((long)highest));
        _core.HasOtherStreams = true;
    }

    public async ValueTask<ulong> NextNumberAsync(ConversationName conversation)
    {
        ulong next = await HighestAsync(conversation).ConfigureAwait(false) + 1;
        Put(
            RecordKey.OutgoingStreams,
            conversation.Encoded.ToArray(),
            new RecordWriter().Id(_core.StreamId).UInt64(next).ToArray());
        return next;
    }

    public void AddEvent(E2EEvent value)
    {
        Put(RecordKey.Inbox, RecordKey.Of(_core.Sequence.Next()), EventCodec.Encode(value));
        _events.Add(value);
    }

    public void AddOutgoing(OutboxRecord envelope)
    {
        Put(RecordKey.Outbox, RecordKey.Of(_core.Sequence.Next()), envelope.Encode());
        HasOutgoing = true;
    }

    /// <summary>Lets the pump look at what was put elsewhere than into the outbox.</summary>
    public void WantPump() => HasOutgoing = true;

    /// <summary>Writes everything. Nothing that is to leave the device, and no plaintext, may be shown before.</summary>
    public async Task CommitAsync()
    {
        var secrets = new List<byte[]>();
        try
        {
            var batch = new StoreBatch();
            Gather(secrets);
            await GivingWay.OnceAsync().ConfigureAwait(false);
            foreach ((byte[] name, byte[]? value) in _writes)
            {
                _ = value is null ? batch.Delete(name[0], name.AsSpan(1)) : batch.Put(name[0], name.AsSpan(1), value);
            }

            if (_writes.Count > 0)
            {
                IReadOnlyList<byte[]> leftovers = [.. _core.Leftovers.Names.Where(name => !_writes.ContainsKey(name))];
                foreach (byte[] name in leftovers)
                {
                    batch.Delete(name[0], name.AsSpan(1));
                }

                await _core.Store.CommitAsync(batch, _cancellation).ConfigureAwait(false);
                _core.Leftovers.Written(leftovers.Concat(_writes.Keys));
                Shelve(batch.Salt!);
            }

            _isCommitted = true;
        }
        finally
        {
            secrets.ForEach(secret => CryptographicOperations.ZeroMemory(secret));
        }

        _core.Committed(this);
        Emit();
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

    public async ValueTask DisposeAsync()
    {
        foreach (RatchetSession session in _sessions.Values)
        {
            session.Dispose();
        }

        _sessions.Clear();
        _secrets.ForEach(secret => CryptographicOperations.ZeroMemory(secret));
        ReturnPulses();
        if (HasUsedPreKeys && !_isCommitted)
        {
            // What was used up in memory was not: the stored state counts.
            await _core.ReloadPreKeysAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What happened is measured once it is durable.</summary>
    private void Emit()
    {
        foreach (E2EEvent happened in _events)
        {
            switch (happened)
            {
                case MessagesMissing missing:
                    Telemetry.MessagesMissing(missing.Count, missing.IsLost);
                    break;
                case SessionRepaired:
                    Telemetry.SessionsRepaired(1, isByPeer: true);
                    break;
                case StoreRolledBack:
                    Telemetry.StoreRolledBack();
                    break;
            }
        }

        Telemetry.MessagesRecovered(Recovered);
        Telemetry.SessionsRepaired(Repaired, isByPeer: false);
    }

    private void Gather(List<byte[]> secrets)
    {
        foreach ((DeviceAddress device, (PeerRecord record, byte[]? stored)) in _peers)
        {
            byte[] encoded = record.Encode();
            if (stored is null || !PublicBytes.Equal(encoded, stored))
            {
                Put(RecordKey.Peers, RecordKey.Of(device), encoded);
            }
        }

        foreach ((DeviceAddress device, SessionId id) in _changedSessions)
        {
            byte[] state = _sessions[(device, id)].Serialize();
            secrets.Add(state);
            Put(RecordKey.Sessions, RecordKey.Of(device, id), state);
        }

        foreach ((StreamName name, (IncomingStream stream, byte[]? stored)) in _incoming)
        {
            byte[] encoded = stream.Encode();
            if (stored is not null && PublicBytes.Equal(encoded, stored))
            {
                continue;
            }

            byte[] key = RecordKey.Of(name);
            Put(RecordKey.IncomingStreams, key, encoded);
            if (!name.Conversation.IsDirect)
            {
                GatherPulseStream(name, stream, key);
            }
            else if (stream.NoticedAt is null && stream.AskedAt is null)
            {
                Delete(RecordKey.Gaps, key);
            }
            else
            {
                Put(RecordKey.Gaps, key, name.Encode());
            }
        }

        GatherPulses(secrets);
        if (HasUsedPreKeys)
        {
            byte[] state = _core.PreKeys.Serialize();
            secrets.Add(state);
            Put(RecordKey.Device, ClientCore.PreKeysKey, state);
        }
    }
}
