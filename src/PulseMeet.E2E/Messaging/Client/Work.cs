using PulseMeet.E2E.Identity;
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
    private readonly List<(long Number, DeviceAddress Device)> _outgoing = [];
    private bool _isCommitted;

    public Work(ClientCore core, CancellationToken cancellationToken)
    {
        _core = core;
        _cancellation = cancellationToken;
        Now = core.Time.GetUtcNow();
        OwnStreamId = core.StreamId;
    }

    public DateTimeOffset Now { get; }

    /// <summary>The device's own stream, as it was when this unit of work began. Whoever has the own user's turn, alone or with others, has the
    /// device's own to the end. In a pulse chat, which has its own turn alone, another stream may begin meanwhile: what is numbered here then is of the
    /// one before, wholly, and its number was given to nobody else there. For where that stream ends because the store was put back, every pulse chat
    /// was marked before, in its turn, so that nothing is sealed in it under a number of that stream: it waits, and is numbered anew.</summary>
    public MessageId OwnStreamId { get; }

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

    /// <summary>The first record of a table that begins so, and is there still in this unit of work; null for none.</summary>
    public async ValueTask<byte[]?> FirstKeyAsync(byte table, byte[] prefix)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> stored = await _core.Store.ScanKeysAsync(
            table, default, prefix, 1, key => !_writes.ContainsKey(StoreName.Of(table, key.Span)), _cancellation).ConfigureAwait(false);
        if (stored is [var first])
        {
            return first.ToArray();
        }

        byte[] name = StoreName.OfPart(table, prefix);
        return _writes.Where(write => write.Value is not null && write.Key.AsSpan().StartsWith(name))
            .Select(write => write.Key[1..]).MinBy(Convert.ToHexString, StringComparer.Ordinal);
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

    public void AddEvent(E2EEvent value)
    {
        Put(RecordKey.Inbox, RecordKey.Of(_core.Sequence.Next()), EventCodec.Encode(value));
        _events.Add(value);
    }

    public void AddOutgoing(OutboxRecord envelope)
    {
        long number = _core.Sequence.Next();
        Put(RecordKey.Outbox, RecordKey.Of(number), envelope.Encode());
        _outgoing.Add((number, envelope.Recipient));
        HasOutgoing = true;
    }

    /// <summary>Whether one more envelope may wait for a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="isMessage">Whether it is a message of the app.</param>
    public bool IsRoomFor(DeviceAddress device, bool isMessage) =>
        _core.Waiting.IsRoomFor(device, _outgoing.Count(item => item.Device == device), isMessage);

    /// <summary>Lets the pump look at what was put elsewhere than into the outbox.</summary>
    public void WantPump() => HasOutgoing = true;
}
