using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Threading.Channels;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>What all parts of an open client share: the sealed store, the relay, the device's keys, and whose turn it is.</summary>
/// <remarks>Thread-safe. Owns the store's lease and the keys.</remarks>
internal sealed class ClientCore : IAsyncDisposable
{
    /// <summary>The most events that wait; while they do, nothing is received.</summary>
    public const int MaxInbox = 1000;

    private static readonly byte[] s_identityKey = RecordKey.Of("identity");
    private static readonly byte[] s_streamKey = RecordKey.Of("stream");
    private static readonly byte[] s_revisionKey = RecordKey.Of("revision");

    private static readonly byte[] s_openedKey = RecordKey.Of("opened");

    private readonly List<IDisposable> _retired = [];
    private DeviceIdentity? _identity;
    private DevicePreKeys? _preKeys;
    private volatile bool _arePreKeysStale;

    private ClientCore(SealedStore store, IE2ERelay relay, IMediaStore? media, E2EClientOptions options, TimeProvider time)
    {
        Store = store;
        Relay = new CheckedRelay(relay);
        Media = media;
        Options = options;
        Time = time;
        Sequence = new Sequence(store, Gates);
        Waiting = new WaitingEnvelopes(store, Gates);
        ProvisionalStreamId = Messaging.StreamId.New(time.GetUtcNow());
    }

    public static byte[] PreKeysKey { get; } = RecordKey.Of("prekeys");

    /// <summary>The account's private key, on the device that has it.</summary>
    public static byte[] AccountKey { get; } = RecordKey.Of("account");

    public SealedStore Store { get; }

    public IE2ERelay Relay { get; }

    public IMediaStore? Media { get; }

    public E2EClientOptions Options { get; }

    public TimeProvider Time { get; }

    public Sequence Sequence { get; }

    /// <summary>What waits in the outbox.</summary>
    public WaitingEnvelopes Waiting { get; }

    public Gates Gates { get; } = new();

    public UserCache Users { get; } = new();

    /// <summary>Groups of pulse chats that were used lately.</summary>
    public PulseShelf Shelf { get; } = new();

    /// <summary>Sessions that were used lately.</summary>
    public SessionShelf Sessions { get; } = new();

    /// <summary>Streams that words alone have named.</summary>
    public LearnedStreams Learned { get; } = new();

    /// <summary>Whether the relay has said, since the store was opened, which revision it was told, and was told a later one: until then nobody knows whether
    /// the store was put back, and nothing is sealed for a group.</summary>
    public bool IsRevisionConfirmed { get; set; }

    /// <summary>Users who may have a newer device list than a pulse chat knows, with its number.</summary>
    public ConcurrentDictionary<string, long> ListHints { get; } = new(StringComparer.Ordinal);

    public Leftovers Leftovers { get; } = new();

    public DeviceAddress Address => Options.Device!;

    /// <summary>What this device numbers its messages in now.</summary>
    public MessageId StreamId { get; private set; }

    /// <summary>What is added to the store's revision where the relay is told it: a store that was rolled back goes on above all
    /// that the relay was ever told.</summary>
    public long RevisionOffset { get; private set; }

    /// <summary>What the relay is told: while it has not answered since the store was opened, the revision of then, so that what was written since
    /// does not hide that the store is an old copy.</summary>
    public long ToldRevision => (OpenedAt ?? Store.Revision) + RevisionOffset;

    /// <summary>The revision at the first opening since the relay last said that it knows no higher one; null where it has said so since this
    /// opening.</summary>
    public long? OpenedAt { get; private set; }

    /// <summary>What this device numbers its messages in while the relay has not said yet that the store is no old copy: another one after each
    /// opening, so that no number is given twice.</summary>
    public MessageId ProvisionalStreamId { get; }

    /// <summary>Whether the device's own stream gives the numbers: it was begun in this opening, or the relay knows no higher revision than the store's, and
    /// was told one since that no copy of before the opening has.</summary>
    public bool IsOwnStreamUsed { get; private set; }

    /// <summary>Whether there may be streams beside the device's own.</summary>
    public bool HasOtherStreams { get; set; }

    public bool HasIdentity => _identity is not null;

    /// <exception cref="InvalidOperationException">The device has neither signed up nor been linked.</exception>
    public DeviceIdentity Identity => _identity
        ?? throw new InvalidOperationException("This device belongs to no account yet: sign up, recover, or link it first.");

    /// <exception cref="InvalidOperationException">As for <see cref="Identity"/>.</exception>
    public DevicePreKeys PreKeys => _preKeys ?? throw new InvalidOperationException("This device belongs to no account yet.");

    /// <summary>Whether prekeys were used since somebody looked at what the relay has left.</summary>
    public bool IsPublicationWanted { get; set; }

    /// <summary>Whether key packages were used since somebody looked at what the relay has left.</summary>
    public bool AreKeyPackagesWanted { get; set; }

    /// <summary>Signals that came and were not handed over; the oldest go first.</summary>
    public Channel<SignalReceived> Signals { get; } = Channel.CreateBounded<SignalReceived>(
        new BoundedChannelOptions(100) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Set when something waits to be sent.</summary>
    public Wakener Outgoing { get; } = new();

    /// <summary>Set when an event waits.</summary>
    public Wakener Incoming { get; } = new();

    public static async Task<ClientCore> OpenAsync(
        IE2EStore store,
        IE2ERelay relay,
        IMediaStore? media,
        MasterKey masterKey,
        E2EClientOptions options,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        SealedStore opened = await SealedStore
            .OpenAsync(store, masterKey, "PulseMeet.E2E client", options.TakesStoreOver, cancellationToken).ConfigureAwait(false);
        var core = new ClientCore(opened, relay, media, options, time);
        try
        {
            await core.Sequence.EnsureAsync(cancellationToken, await core.NoteOpeningAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            await core.LoadAsync(cancellationToken).ConfigureAwait(false);
            return core;
        }
        catch
        {
            await core.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs a unit of work under turns, and writes it. It is written whole or not at all.</summary>
    /// <param name="turns">The turns that it needs.</param>
    /// <param name="change">Reads and changes; calls no relay.</param>
    /// <param name="cancellationToken">Stops waiting for the turns and reading; what is being written is written.</param>
    public async Task<T> ChangeAsync<T>(IEnumerable<Turn> turns, Func<Work, Task<T>> change, CancellationToken cancellationToken)
    {
        Turn[] taken = [.. turns];
        using IDisposable turn = await Gates.EnterAsync(taken, cancellationToken).ConfigureAwait(false);
        await Sequence.EnsureAsync(cancellationToken).ConfigureAwait(false);
        await Waiting.EnsureReadAsync(cancellationToken).ConfigureAwait(false);
        if (_arePreKeysStale && taken.Contains(Gates.PreKeys))
        {
            await ReloadPreKeysAsync().ConfigureAwait(false);
        }

        var work = new Work(this, cancellationToken);
        try
        {
            T result = await change(work).ConfigureAwait(false);
            await work.CommitAsync().ConfigureAwait(false);
            return result;
        }
        finally
        {
            await work.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="ChangeAsync{T}"/>
    public Task ChangeAsync(IEnumerable<Turn> turns, Func<Work, Task> change, CancellationToken cancellationToken) => ChangeAsync(
        turns,
        async work =>
        {
            await change(work).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Reads the device's own keys and numbers out of the store, on opening and after they were written. For whoever has the turns of the prekeys and
    /// the own user, or has the client alone.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        byte[]? stream = await ReadAsync(s_streamKey, cancellationToken).ConfigureAwait(false);
        MessageId before = StreamId;
        StreamId = stream is null ? default : new MessageId(stream);
        byte[]? revision = await ReadAsync(s_revisionKey, cancellationToken).ConfigureAwait(false);
        RevisionOffset = revision is null ? 0 : RecordKey.ToNumber(revision);
        byte[]? opened = await ReadAsync(s_openedKey, cancellationToken).ConfigureAwait(false);
        OpenedAt = opened is null ? null : RecordKey.ToNumber(opened);
        IsOwnStreamUsed = OpenedAt is null && (IsOwnStreamUsed || StreamId != before);
        HasOtherStreams = await Store.IsAnyAsync(RecordKey.OtherStreams, default, cancellationToken).ConfigureAwait(false);
        byte[]? identity = await ReadAsync(s_identityKey, cancellationToken).ConfigureAwait(false);
        if (identity is null)
        {
            return;
        }

        try
        {
            if (_identity is not null)
            {
                // Somebody may be using it: it goes with the client. A certificate is renewed a few times a year.
                _retired.Add(_identity);
            }

            _identity = DeviceIdentity.Deserialize(identity);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(identity);
        }

        if (_identity.Address != Address)
        {
            throw new E2EException(E2EError.WrongIdentity, "The store is another device's.");
        }

        await ReloadPreKeysAsync().ConfigureAwait(false);
        AreKeyPackagesWanted = true;
    }

    /// <summary>Takes this device's prekeys as they are in the store. For whoever has their turn, or has the client alone.</summary>
    public async Task ReloadPreKeysAsync()
    {
        // Where the store cannot be read now, whoever has their turn next reads it.
        _arePreKeysStale = true;
        byte[] state = await ReadAsync(PreKeysKey, CancellationToken.None).ConfigureAwait(false)
            ?? throw new E2EException(E2EError.StoreDamaged, "The device has no prekeys.");
        try
        {
            DevicePreKeys? before = _preKeys;
            _preKeys = DevicePreKeys.Deserialize(state, Identity, Options.PreKeys, Time);
            _arePreKeysStale = false;
            before?.Dispose();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(state);
        }
    }

    /// <summary>Notes that the relay knows no higher revision than it was just told. The first time since the opening it was that of then, which a copy of
    /// before may have, too: so much is written before the relay is told of a later one. The next time it was such a one, and the device's own stream
    /// goes on.</summary>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        if (OpenedAt is null)
        {
            IsOwnStreamUsed = true;
            return;
        }

        await Store.CommitAsync(new StoreBatch().Delete(RecordKey.Device, s_openedKey), cancellationToken).ConfigureAwait(false);
        OpenedAt = null;
    }

    /// <summary>Puts a new stream id into a unit of work; it holds once that is committed and <see cref="LoadAsync"/> has run, which is done under the same
    /// turns: a number that is given in between would be one of the stream that has ended.</summary>
    public static void PutStream(Work work, MessageId streamId)
    {
        work.Put(RecordKey.Device, s_streamKey, streamId.ToArray());
        work.Delete(RecordKey.Device, s_openedKey);
    }

    public static void PutRevisionOffset(Work work, long offset) => work.Put(RecordKey.Device, s_revisionKey, RecordKey.Of(offset));

    public static void PutIdentity(Work work, byte[] identity) => work.Put(RecordKey.Device, s_identityKey, identity);

    /// <summary>Tells whoever waits what a unit of work has brought.</summary>
    public void Committed(Work work)
    {
        IsPublicationWanted |= work.HasUsedPreKeys;
        if (work.HasOutgoing)
        {
            Outgoing.Wake();
        }

        if (work.HasEvents)
        {
            Incoming.Wake();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Shelf.Dispose();
        Sessions.Dispose();
        await DeleteLeftoversAsync().ConfigureAwait(false);
        Telemetry.ClientEnded(this, Relay);
        _preKeys?.Dispose();
        _identity?.Dispose();
        _retired.ForEach(keys => keys.Dispose());
        await Store.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The revision at this opening, where none is noted yet.</summary>
    private async Task<StoreBatch> NoteOpeningAsync(CancellationToken cancellationToken) =>
        await ReadAsync(s_openedKey, cancellationToken).ConfigureAwait(false) is null
            ? new StoreBatch().Put(RecordKey.Device, s_openedKey, RecordKey.Of(Store.Revision))
            : new StoreBatch();

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "What stays costs one more word to the relay.")]
    private async Task DeleteLeftoversAsync()
    {
        var batch = new StoreBatch();
        foreach (byte[] name in Leftovers.Names)
        {
            batch.Delete(name[0], name.AsSpan(1));
        }

        if (batch.Writes.Count == 0)
        {
            return;
        }

        try
        {
            await Store.CommitAsync(batch).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The store is somebody else's by now, wiped or full: the client ends all the same.
        }
    }

    private async Task<byte[]?> ReadAsync(byte[] key, CancellationToken cancellationToken) =>
        (await Store.ReadAsync(RecordKey.Device, key, cancellationToken).ConfigureAwait(false))?.Value;
}
