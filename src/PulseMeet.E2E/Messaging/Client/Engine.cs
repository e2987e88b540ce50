using System.Diagnostics.CodeAnalysis;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>The parts of an open client, and the pump that brings to the relay what waits.</summary>
internal sealed class Engine : IAsyncDisposable
{
    private static readonly TimeSpan s_maxPause = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _pump;

    private Engine(ClientCore core)
    {
        Core = core;
        var lists = new DeviceLists(core);
        Conversations = new Conversations(core, lists);
        Outbox = new Outbox(core, lists, Conversations);
        Controls = new Controls(core, Conversations);
        Pulses = new Pulses(core, lists, Conversations, Controls);
        Receiver = new Receiver(core, lists, Conversations, Controls, Pulses);
        Contacts = new Contacts(core, lists, Conversations, Receiver, Controls);
        OwnWord = new OwnWord(core, lists, Conversations, Contacts);
        Account = new Account(core, lists);
        Linking = new Linking(core, lists, Account);
        KeyHandover = new KeyHandover(core, lists, Account);
        Upkeep = new Upkeep(core, lists, Account, Linking, KeyHandover, Pulses);
        Stopping = _stop.Token;
        _pump = core.Options.SendsByItself ? Task.Run(PumpAsync) : Task.CompletedTask;
    }

    public ClientCore Core { get; }

    /// <summary>Cancelled when the client ends.</summary>
    public CancellationToken Stopping { get; }

    public Conversations Conversations { get; }

    public Outbox Outbox { get; }

    public Controls Controls { get; }

    public Pulses Pulses { get; }

    public Receiver Receiver { get; }

    public Contacts Contacts { get; }

    public OwnWord OwnWord { get; }

    public Account Account { get; }

    public Linking Linking { get; }

    public KeyHandover KeyHandover { get; }

    public Upkeep Upkeep { get; }

    public static async Task<Engine> OpenAsync(
        IE2EStore store,
        IE2ERelay relay,
        IMediaStore? media,
        MasterKey masterKey,
        E2EClientOptions options,
        TimeProvider time,
        CancellationToken cancellationToken) =>
        new(await ClientCore.OpenAsync(store, relay, media, masterKey, options, time, cancellationToken).ConfigureAwait(false));

    /// <summary>How long to wait after a failure: doubled each time, to a minute.</summary>
    public static TimeSpan NextPause(TimeSpan pause) =>
        pause == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : pause * 2 < s_maxPause ? pause * 2 : s_maxPause;

    /// <summary>Brings to the relay what waits, of pulse chats and of conversations: a chat that is refused stops no conversation.</summary>
    /// <param name="tellsRefusals">Whether what the relay refuses, or says that cannot be, about a chat is thrown in the end.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <returns>Whether nothing waits any more that could be sent now.</returns>
    /// <exception cref="E2EException">The relay cannot be reached, or refuses for now.</exception>
    public async Task<bool> SendAsync(bool tellsRefusals, CancellationToken cancellationToken)
    {
        Core.Outgoing.Reset();
        E2EException? refused = null;
        bool isDone = true;
        try
        {
            isDone = await Pulses.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason is not (E2EError.StoreFailed or E2EError.StoreInUse
            or E2EError.StoreDamaged or E2EError.StoreConflict))
        {
            refused = exception;
        }

        isDone &= await Outbox.SendAsync(cancellationToken).ConfigureAwait(false);
        return refused is null ? isDone : tellsRefusals ? throw refused : false;
    }

    /// <summary>Ends the pump.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _pump.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        Outbox.Dispose();
        Receiver.Dispose();
        await Core.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The pump tries again, whatever failed.")]
    private async Task PumpAsync()
    {
        TimeSpan pause = TimeSpan.Zero;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                bool isDone = !Core.HasIdentity || await SendAsync(tellsRefusals: false, _stop.Token).ConfigureAwait(false);
                pause = isDone ? TimeSpan.Zero : NextPause(pause);
                if (isDone)
                {
                    await Core.Outgoing.Rung.WaitAsync(_stop.Token).ConfigureAwait(false);
                    if (!Core.HasIdentity)
                    {
                        Core.Outgoing.Reset();
                    }

                    continue;
                }
            }
            catch (OperationCanceledException)
            {
                // A relay's own time-out is no end; the loop's condition knows the other.
                pause = NextPause(pause);
            }
            catch (Exception)
            {
                pause = NextPause(pause);
            }

            try
            {
                await Task.Delay(pause, Core.Time, _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
