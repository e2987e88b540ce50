using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>Pulse chats in the client: what an app wants of them, and the rounds in which they go on by themselves.</summary>
/// <remarks>docs/protocol-groups.md, "Pulse chats in the client". A chat's state has a turn that is never held over a call of the relay; what
/// one chat does at the relay has another.</remarks>
internal sealed partial class Pulses
{
    private static readonly TimeSpan s_runInterval = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_stalledInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_leavingInterval = TimeSpan.FromHours(1);

    private readonly ClientCore _core;
    private readonly DeviceLists _lists;
    private readonly Controls _controls;
    private readonly PulseInvitations _invitations;
    private readonly PulseMessages _messages;
    private readonly PulseCommits _commits;
    private readonly PulseJoining _joining;
    private readonly PulseDuties _duties;
    private readonly PulseWords _words;
    private readonly Dictionary<PulseId, DateTimeOffset> _stalledAt = [];
    private readonly Dictionary<PulseId, DateTimeOffset> _leavingAt = [];
    private DateTimeOffset? _lastRun;

    public Pulses(ClientCore core, DeviceLists lists, Conversations conversations, Controls controls)
    {
        _core = core;
        _lists = lists;
        _controls = controls;
        Keys = new PulseKeys(core);
        _invitations = new PulseInvitations(core, lists);
        _messages = new PulseMessages(core);
        _commits = new PulseCommits(core, _messages);
        _joining = new PulseJoining(core, lists, Keys, _messages);
        _duties = new PulseDuties(core, lists, _invitations);
        _words = new PulseWords(core, lists, conversations);
    }

    public PulseKeys Keys { get; }

    public PulseWords Words => _words;

    public Task<MessageId> SendAsync(PulseId id, MessageContent content, CancellationToken cancellationToken) =>
        _messages.SendAsync(id, content, cancellationToken);

    /// <summary>Asks the relay which revision it was told, where that is not known since the store was opened.</summary>
    private async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        if (_core.IsRevisionConfirmed)
        {
            return;
        }

        // Not beside whoever receives: what one of both notices is done before the other confirms.
        using IDisposable turn = await _core.Gates.EnterAsync([Gates.Mailbox], cancellationToken).ConfigureAwait(false);
        if (!_core.IsRevisionConfirmed)
        {
            await _controls
                .ReceiveAsync(new MailboxRequest(1, TimeSpan.Zero, 0, []), cancellationToken, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsOfAll(E2EError reason) => reason is E2EError.RelayUnavailable or E2EError.StoreFailed
        or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict;
}
