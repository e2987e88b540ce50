using System.Runtime.CompilerServices;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E;

/// <summary>One device of a user: it writes to people, receives, and looks after keys, sessions and losses by itself.</summary>
/// <remarks>
/// Made from a store, a relay and a master key; opened by the first call. Nothing leaves the device, and nothing is handed over,
/// before it is durable in the store; so the process may end at any moment. Thread-safe: calls about one user run one after the other,
/// others beside each other, and none waits for the relay with anything held. A cancelled call has happened or not; what it had made
/// durable goes on. Every method throws <see cref="E2EException"/> with <see cref="E2EError.StoreInUse"/>,
/// <see cref="E2EError.StoreFailed"/>, <see cref="E2EError.StoreDamaged"/> or <see cref="E2EError.WrongMasterKey"/> where the store says
/// so (<see cref="E2EError.StoreFailed"/> for whatever else a store throws: nothing is lost, and the same client goes on once the store does), and <see cref="InvalidOperationException"/> where the device belongs to no account yet. docs/guides/messaging.md.
/// </remarks>
public sealed partial class E2EClient : IAsyncDisposable
{
    /// <summary>As many as a full mailbox has, and one more: a relay that never comes to its end is left.</summary>
    private static readonly int s_mostPages = (RelayLimits.MaxMailboxItems / Receiver.Page) + 1;

    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly IE2EStore _store;
    private readonly IE2ERelay _relay;
    private readonly IMediaStore? _media;
    private readonly IMasterKeySource _masterKeys;
    private readonly E2EClientOptions _options;
    private readonly TimeProvider _time;
    private Engine? _engine;
    private bool _isDisposed;
    private int _isReading;

    /// <summary>A client over an app's store and relay. Does nothing yet: the store is opened, and the key asked for, by the first call.</summary>
    /// <param name="store">The device's store. Not disposed.</param>
    /// <param name="relay">The relay as this device sees it.</param>
    /// <param name="masterKeys">Gives the key that opens the store.</param>
    /// <param name="options">The device, and what else an app may choose; copied.</param>
    /// <param name="time">The clock.</param>
    /// <param name="media">Where sealed files lie; null where the app sends none.</param>
    /// <exception cref="ArgumentException">An option is outside its range, or the relay speaks for another device.</exception>
    public E2EClient(
        IE2EStore store,
        IE2ERelay relay,
        IMasterKeySource masterKeys,
        E2EClientOptions options,
        TimeProvider time,
        IMediaStore? media = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(relay);
        ArgumentNullException.ThrowIfNull(masterKeys);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options = options.Copy();
        options.Validate();
        if (relay.Caller != options.Device)
        {
            throw new ArgumentException("The relay speaks for another device.", nameof(relay));
        }

        _store = store;
        _relay = relay;
        _media = media is null ? null : new CheckedMediaStore(media);
        _masterKeys = masterKeys;
        _options = options;
        _time = time;
    }

    /// <summary>Makes an account whose first device this is, and publishes its keys. A call that was interrupted is taken up by the next
    /// one.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The key to write down. The caller disposes it. Where it was lost, because the process died before it was shown,
    /// <see cref="ReplaceRecoveryKeyAsync"/> gives another.</returns>
    /// <exception cref="E2EException">The user has an account (<see cref="E2EError.AccountExists"/>): link this device, recover or
    /// reset. Or the relay cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">This device belongs to an account already.</exception>
    public async Task<RecoveryKey> SignUpAsync(CancellationToken cancellationToken = default)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        RecoveryKey recovery = await engine.Account.SignUpAsync(cancellationToken).ConfigureAwait(false);
        engine.Core.Outgoing.Wake();
        return recovery;
    }

    /// <summary>Writes to a user: to all devices on the newest list, and to one's own others. The first message to somebody needs the
    /// relay; later ones wait in the store where it cannot be reached.</summary>
    /// <param name="userId">The user: 1 to 64 bytes in UTF-8; also oneself.</param>
    /// <param name="content">What to say.</param>
    /// <param name="cancellationToken">Stops waiting; the message was taken or not.</param>
    /// <returns>The message's id, once it is durable.</returns>
    /// <exception cref="E2EException">Nobody knows the user (<see cref="E2EError.UnknownDevice"/>); the contact is blocked, or has written
    /// and was not accepted (<see cref="E2EError.NotAllowed"/>); the contact's account key has changed and was not accepted
    /// (<see cref="E2EError.AccountKeyChanged"/>); 1,000 sealed messages to each of the user's devices wait for the relay, and 1,000 more to
    /// be sealed (<see cref="E2EError.LimitExceeded"/>); the user was not known, and the list that the relay has is not in order (the reasons of
    /// <see cref="Identity.DeviceList.VerifyFirstContact"/>, of which <see cref="E2EError.Expired"/> says that it is of a clock ahead of this
    /// one); or the relay cannot be reached.</exception>
    public async Task<MessageId> SendAsync(string userId, MessageContent content, CancellationToken cancellationToken = default)
    {
        CheckUser(userId);
        ArgumentNullException.ThrowIfNull(content);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await engine.Conversations.SendAsync(userId, content, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What happens, as it happens. Receives, keeps keys fresh and repairs, for as long as it is read; what waits is sent beside
    /// it, where <see cref="E2EClientOptions.SendsByItself"/> says so.</summary>
    /// <param name="cancellationToken">Ends it, with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Events in their order, without end. An event is acknowledged when the loop comes back for the next one; one that was not is
    /// handed over again, under the same <see cref="E2EEvent.Sequence"/>.</returns>
    /// <exception cref="InvalidOperationException">Somebody else is reading, or the device belongs to no account.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed or wiped meanwhile.</exception>
    /// <exception cref="E2EException">Another process has taken the store over (<see cref="E2EError.StoreInUse"/>), or the store
    /// fails.</exception>
    /// <remarks>A relay that cannot be reached, throws whatever it likes, or talks nonsense, is tried again, after at most a minute; it ends
    /// nothing. One that answers without waiting, or gives what says nothing new, is asked less and less often.</remarks>
    public IAsyncEnumerable<E2EEvent> ReadEventsAsync(CancellationToken cancellationToken = default) => ReadAsync(waits: true, cancellationToken);

    /// <summary>What has happened and waits to be handed over, and no more: asks no relay, and ends where nothing waits. For an app that calls
    /// <see cref="SynchronizeAsync"/> now and then, and for tests.</summary>
    /// <param name="cancellationToken">Ends it, with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Events in their order. An event is acknowledged when the loop comes back for the next one, as in <see cref="ReadEventsAsync"/>.</returns>
    /// <exception cref="InvalidOperationException">Somebody else is reading, or the device belongs to no account.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed or wiped meanwhile.</exception>
    /// <exception cref="E2EException">Another process has taken the store over (<see cref="E2EError.StoreInUse"/>), or the store
    /// fails.</exception>
    public IAsyncEnumerable<E2EEvent> ReadWaitingEventsAsync(CancellationToken cancellationToken = default) => ReadAsync(waits: false, cancellationToken);

    /// <summary>One round without waiting: sends what waits, receives what is there (at most what a full mailbox holds), renews what is due. For an app that is woken now and
    /// then, and for tests. What came is read with <see cref="ReadWaitingEventsAsync"/>.</summary>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="E2EException">The relay cannot be reached, or refuses for now.</exception>
    public async Task SynchronizeAsync(CancellationToken cancellationToken = default)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        _ = engine.Core.Identity;
        await engine.Upkeep.RunAsync(cancellationToken).ConfigureAwait(false);
        await engine.SendAsync(tellsRefusals: false, cancellationToken).ConfigureAwait(false);
        for (int page = 0;
            page < s_mostPages && await engine.Receiver.ReceiveAsync(TimeSpan.Zero, cancellationToken, cancellationToken).ConfigureAwait(false) > 0;
            page++)
        {
        }

        await engine.OwnWord.FollowAsync(cancellationToken).ConfigureAwait(false);
        await engine.Controls.NameGapsAsync(cancellationToken).ConfigureAwait(false);
        await engine.SendAsync(tellsRefusals: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Zeroes the keys in memory and gives the store back. What was durable goes on when it is opened again.</summary>
    /// <exception cref="E2EException">The store does not take its lease back (<see cref="E2EError.StoreFailed"/>): the client has ended all the same.</exception>
    public ValueTask DisposeAsync()
    {
        Volatile.Write(ref _isDisposed, true);
        return CloseAsync();
    }

    /// <summary>Ends what is open; the next call opens anew, unless the client was disposed.</summary>
    private async ValueTask CloseAsync()
    {
        await _opening.WaitAsync().ConfigureAwait(false);
        try
        {
            if (Interlocked.Exchange(ref _engine, null) is { } open)
            {
                await open.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Events that wait, the oldest first.</summary>
    internal async Task<IReadOnlyList<E2EEvent>> PeekAsync(int max, CancellationToken cancellationToken)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<OpenedRecord> records = await engine.Core.Store
            .ScanAsync(RecordKey.Inbox, default, default, max, cancellationToken).ConfigureAwait(false);
        return [.. records.Select(record => EventCodec.Decode(RecordKey.ToNumber(record.Key.Span), record.Value))];
    }

    internal async Task AcknowledgeAsync(E2EEvent handedOver, CancellationToken cancellationToken)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.Core.Store.CommitAsync(
            new StoreBatch().Delete(RecordKey.Inbox, RecordKey.Of(handedOver.Sequence)), cancellationToken).ConfigureAwait(false);
    }

    internal async Task<Engine> OpenAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _engine) is { } open)
        {
            return open;
        }

        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed), this);
            if (_engine is null)
            {
                using MasterKey key = await _masterKeys.GetAsync(cancellationToken).ConfigureAwait(false);
                _engine = await Engine.OpenAsync(_store, _relay, _media, key, _options, _time, cancellationToken).ConfigureAwait(false);
            }

            return _engine;
        }
        finally
        {
            _opening.Release();
        }
    }

    private async IAsyncEnumerable<E2EEvent> ReadAsync(bool waits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        _ = engine.Core.Identity;
        if (Interlocked.Exchange(ref _isReading, 1) != 0)
        {
            throw new InvalidOperationException("The events are being read already.");
        }

        try
        {
            var reading = new ReadingRounds(engine, _time);
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                engine.Core.Incoming.Reset();
                while (engine.Core.Signals.Reader.TryRead(out SignalReceived? signal))
                {
                    yield return signal;
                }

                IReadOnlyList<E2EEvent> waiting = await PeekAsync(100, cancellationToken).ConfigureAwait(false);
                foreach (E2EEvent next in waiting)
                {
                    yield return next;
                    await AcknowledgeAsync(next, CancellationToken.None).ConfigureAwait(false);
                }

                if (waiting.Count == 0 && !waits)
                {
                    yield break;
                }

                if (waiting.Count == 0)
                {
                    await reading.RunAsync(cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    reading.HasBroughtSomething();
                }
            }
        }
        finally
        {
            Volatile.Write(ref _isReading, 0);
        }
    }

    private static void CheckUser(string userId) => Argument.IsText(userId, Identity.DeviceAddress.MaxIdSize);
}
