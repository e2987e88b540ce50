using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E;

/// <content>What an app says about contacts, devices and the account; media; and carrying envelopes by hand.</content>
public sealed partial class E2EClient
{
    /// <summary>Accepts a user who has written, or takes back that he was blocked, on all devices of one's own. What waits is handed
    /// over.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentException">The user is oneself.</exception>
    /// <exception cref="E2EException">Nobody knows the user (<see cref="E2EError.UnknownDevice"/>).</exception>
    public async Task AcceptAsync(string userId, CancellationToken cancellationToken = default)
    {
        CheckOther(userId);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.Contacts.AcceptAsync(userId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Blocks a user, on all devices of one's own: what waits and what comes is dropped, and the user learns nothing of
    /// it.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentException">The user is oneself.</exception>
    /// <exception cref="E2EException">Nobody knows the user (<see cref="E2EError.UnknownDevice"/>).</exception>
    public async Task BlockAsync(string userId, CancellationToken cancellationToken = default)
    {
        CheckOther(userId);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.Contacts.BlockAsync(userId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Accepts a contact's new account key without comparing it. Sending goes on, and what waits is handed over.</summary>
    /// <param name="changed">What the user was shown.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">The key has changed again since (<see cref="E2EError.WrongIdentity"/>).</exception>
    public async Task AcceptAccountKeyAsync(AccountKeyChanged changed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(changed);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.Contacts.AcceptKeyAsync(changed.UserId, changed.AccountKey, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The number to compare with a contact: both see the same where nobody stands between.</summary>
    /// <param name="userId">The contact.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentException">The contact is oneself.</exception>
    /// <exception cref="E2EException">Nobody knows the user (<see cref="E2EError.UnknownDevice"/>).</exception>
    public async Task<SafetyNumber> GetSafetyNumberAsync(string userId, CancellationToken cancellationToken = default)
    {
        CheckUser(userId);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await engine.Contacts.GetSafetyNumberAsync(userId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Notes that the number was compared: the contact is verified until the account key changes.</summary>
    /// <param name="userId">The contact.</param>
    /// <param name="compared">The number that both saw.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">It is not the number of these two account keys
    /// (<see cref="E2EError.SafetyNumberMismatch"/>).</exception>
    public async Task MarkVerifiedAsync(string userId, SafetyNumber compared, CancellationToken cancellationToken = default)
    {
        CheckUser(userId);
        ArgumentNullException.ThrowIfNull(compared);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.Contacts.MarkVerifiedAsync(userId, compared, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether the contact's account key was compared and is the same since.</summary>
    /// <param name="userId">The contact.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">Nobody knows the user (<see cref="E2EError.UnknownDevice"/>).</exception>
    public async Task<bool> IsVerifiedAsync(string userId, CancellationToken cancellationToken = default)
    {
        CheckUser(userId);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await engine.Contacts.IsVerifiedAsync(userId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Passes a signal to the devices of a contact that are reading now. Not stored, not repeated; where it cannot be passed on it
    /// is lost without a word.</summary>
    /// <param name="userId">The contact.</param>
    /// <param name="signal">What it says.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task SignalAsync(string userId, Signal signal, CancellationToken cancellationToken = default)
    {
        CheckUser(userId);
        ArgumentNullException.ThrowIfNull(signal);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.Contacts.SignalAsync(userId, signal, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Comes back to an account whose devices are all lost, under the same account key: contacts see no change of identity. The
    /// old devices are removed. A call that was interrupted is taken up by the next one.</summary>
    /// <param name="recovery">What was written down. Not disposed.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">It is not this account's recovery key (<see cref="E2EError.NotAuthentic"/>), there is no copy
    /// (<see cref="E2EError.UnknownDevice"/>), the account was reset since (<see cref="E2EError.AccountKeyChanged"/>), or the relay cannot
    /// be reached.</exception>
    public async Task RecoverAsync(RecoveryKey recovery, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recovery);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.Account.RecoverAsync(recovery, cancellationToken).ConfigureAwait(false);
        engine.Core.Outgoing.Wake();
    }

    /// <summary>Gives up the account key and makes a new one, of which this is the only device. Every contact is told.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The new key to write down. The caller disposes it.</returns>
    public async Task<RecoveryKey> ResetAccountAsync(CancellationToken cancellationToken = default)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        RecoveryKey recovery = await engine.Account.ResetAsync(cancellationToken).ConfigureAwait(false);
        engine.Core.Outgoing.Wake();
        return recovery;
    }

    /// <summary>Makes a new recovery key: the relay's copy opens with the old one no more. Whoever kept an older copy and its key opens that
    /// for ever, short of <see cref="ResetAccountAsync"/>.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The key to write down. The caller disposes it.</returns>
    /// <exception cref="E2EException">Another device holds the account's key (<see cref="E2EError.NotAllowed"/>), or the relay cannot be
    /// reached.</exception>
    public async Task<RecoveryKey> ReplaceRecoveryKeyAsync(CancellationToken cancellationToken = default)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        _ = engine.Core.Identity;
        return await engine.Account.ReplaceRecoveryKeyAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes another device of one's own: from the next list that they see, contacts send it nothing and believe it
    /// nothing.</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentException">It is this device.</exception>
    /// <exception cref="E2EException">There is no such device (<see cref="E2EError.UnknownDevice"/>), another one holds the account's key
    /// (<see cref="E2EError.NotAllowed"/>), or the relay cannot be reached.</exception>
    public async Task RemoveDeviceAsync(string deviceId, CancellationToken cancellationToken = default)
    {
        Argument.IsText(deviceId, Identity.DeviceAddress.MaxIdSize);
        if (deviceId == _options.Device!.DeviceId)
        {
            throw new ArgumentException("A device does not remove itself: it is wiped.", nameof(deviceId));
        }

        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.Account.RemoveAsync(deviceId, cancellationToken).ConfigureAwait(false);

        // Out of the account's chats, too, without waiting for the loop's next round.
        engine.Core.Outgoing.Wake();
    }

    /// <summary>Seals this device's records under another master key: once this returns, the store opens with that one alone.</summary>
    /// <param name="next">The key from now on. Copied; not disposed.</param>
    /// <param name="cancellationToken">Looked at before it is written, not afterwards.</param>
    /// <remarks>In one write: a process that dies in it has a store that opens with one of the two. So the app puts the next key beside the present one in the
    /// operating system's key store first, and deletes the present one when this has returned; where the store then says
    /// <see cref="E2EError.WrongMasterKey"/> to the one, it opens with the other. A copy of the store that was made before opens with the key of then
    /// (docs/threat-model.md).</remarks>
    public async Task ChangeMasterKeyAsync(MasterKey next, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(next);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.Core.Store.ChangeMasterKeyAsync(next, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes the keys and everything else of this device, and ends the client.</summary>
    /// <param name="cancellationToken">Looked at before it begins.</param>
    /// <remarks>Where it fails, the client goes on, and the same call can be made once more; a loop that reads ends, and is begun anew.</remarks>
    public async Task WipeAsync(CancellationToken cancellationToken = default)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        await engine.StopAsync().ConfigureAwait(false);
        try
        {
            await engine.Core.Store.WipeAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch
        {
            // What was stopped is begun anew by the next call, over whatever the store has.
            try
            {
                await CloseAsync().ConfigureAwait(false);
            }
            catch (E2EException)
            {
                // The reason is the other one.
            }

            throw;
        }

        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Seals a file into the media store and sends the reference to it.</summary>
    /// <param name="userId">As for <see cref="SendAsync"/>.</param>
    /// <param name="file">From its position to its end; it can seek. Not disposed.</param>
    /// <param name="details">What it is called and what it is.</param>
    /// <param name="progress">Gets the sealed bytes that are durable in the media store; may be null.</param>
    /// <param name="cancellationToken">Stops between two parts.</param>
    /// <returns>The message's id, once it is durable.</returns>
    /// <remarks>A call that was interrupted, by whatever, is taken up by the same call again within 7 days: for the same user, with the same details and content, it
    /// goes on where the media store is. The file is read twice; 16 bytes of memory for each 128 KiB tell whether it was the same both times.</remarks>
    /// <exception cref="ArgumentException">The file cannot seek, or a detail is outside its bounds.</exception>
    /// <exception cref="InvalidOperationException">The client was made without a media store.</exception>
    /// <exception cref="E2EException">As for <see cref="SendAsync"/>, over the media store's quota
    /// (<see cref="E2EError.LimitExceeded"/>), the media store cannot be reached (<see cref="E2EError.RelayUnavailable"/>), or the file has
    /// changed while it was read (<see cref="E2EError.ContentChanged"/>).</exception>
    public async Task<MessageId> SendFileAsync(
        string userId, Stream file, FileDetails details, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        CheckUser(userId);
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(details);
        details.Validate();
        if (!file.CanSeek)
        {
            throw new ArgumentException("The file has to be one that can seek.", nameof(file));
        }

        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        _ = engine.Core.Identity;
        return await PutAndSendAsync(
            engine,
            "user " + userId,
            file,
            details,
            progress,
            content => engine.Conversations.SendAsync(userId, content, cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a file that a message refers to. Nothing comes out that was not verified.</summary>
    /// <param name="media">The reference. Not disposed, and not needed afterwards.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A stream that can seek; the caller disposes it.</returns>
    /// <exception cref="InvalidOperationException">The client was made without a media store.</exception>
    /// <exception cref="E2EException">There is no such file (<see cref="E2EError.UnknownMedia"/>), it is not the one that the reference
    /// names (as for <see cref="SealedMediaStream.OpenAsync(MediaReference, Stream, bool, CancellationToken)"/>), or the store cannot be
    /// reached.</exception>
    public async Task<Stream> OpenMediaAsync(MediaReference media, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(media);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await TransferOf(engine).OpenAsync(media, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What waits to be brought to the relay, for an app that does that itself. Begins the sessions that are missing, which asks
    /// the relay's directory.</summary>
    /// <param name="max">The most envelopes, 1 to 1,000.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The oldest first; those for devices whose mailbox was full, by what the app said last, after all others. They are given again until <see cref="ConfirmOutboxAsync"/> has named them.</returns>
    public async Task<IReadOnlyList<OutgoingEnvelope>> GetOutboxAsync(int max, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, 1000);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        _ = engine.Core.Identity;
        await engine.Outbox.PrepareAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<OutboxRecord> waiting = await engine.Outbox.ReadForAppAsync(max, cancellationToken).ConfigureAwait(false);
        return [.. waiting.Select(record => record.ToEnvelope())];
    }

    /// <summary>Takes envelopes out that the relay has taken. After a crash the last of them may be given again: the relay takes them once.</summary>
    /// <param name="taken">What <see cref="GetOutboxAsync"/> gave, with what became of it.</param>
    /// <param name="cancellationToken">Stops waiting; taken out or not.</param>
    public async Task ConfirmOutboxAsync(
        IReadOnlyList<(OutgoingEnvelope Envelope, DeliveryOutcome Outcome)> taken, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(taken);
        foreach ((OutgoingEnvelope envelope, DeliveryOutcome outcome) in taken)
        {
            RelayRequest.IsEnvelope(envelope);
            if (!Enum.IsDefined(outcome))
            {
                throw new ArgumentException("An unknown outcome.", nameof(taken));
            }
        }

        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        Dictionary<MessageId, DeliveryOutcome> outcomes = taken.ToDictionary(
            item => new MessageId(item.Envelope.Id.Span), item => item.Outcome);
        await engine.Outbox.ConfirmAsync(outcomes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes what came by the app's own way. When this returns it is durable, and may be acknowledged.</summary>
    /// <param name="items">What the relay holds for this device, in the order of its arrival; at most 1,000.</param>
    /// <param name="cancellationToken">Stops waiting; all of it was taken or nothing.</param>
    /// <exception cref="E2EException">1,000 events wait that the app has not read (<see cref="E2EError.LimitExceeded"/>): nothing was taken, and
    /// stays at the relay.</exception>
    public async Task PushAsync(IReadOnlyList<MailboxItem> items, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(items.Count, 1000, nameof(items));
        foreach (MailboxItem item in items)
        {
            ArgumentNullException.ThrowIfNull(item, nameof(items));
            ArgumentNullException.ThrowIfNull(item.Sender, nameof(items));
        }

        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        _ = engine.Core.Identity;
        await engine.Receiver.BringAsync([.. items.Select(item => item with { Id = 0 })], cancellationToken).ConfigureAwait(false);
        await engine.OwnWord.FollowAsync(cancellationToken).ConfigureAwait(false);
    }

    private void CheckOther(string userId)
    {
        CheckUser(userId);
        if (userId == _options.Device!.UserId)
        {
            throw new ArgumentException("Oneself is accepted, and is not blocked.", nameof(userId));
        }
    }

    /// <summary>Puts a file, says where it is, and forgets the upload once that is durable.</summary>
    internal async Task<MessageId> PutAndSendAsync(
        Engine engine,
        string to,
        Stream file,
        FileDetails details,
        IProgress<long>? progress,
        Func<MessageContent, Task<MessageId>> send,
        CancellationToken cancellationToken)
    {
        MediaTransfer transfer = TransferOf(engine);
        (MediaReference reference, byte[] upload) =
            await transfer.PutAsync(to, file, details, progress, cancellationToken).ConfigureAwait(false);
        using (reference)
        {
            MessageId id = await send(MessageContent.Media(reference, details.Caption)).ConfigureAwait(false);
            transfer.Forget(upload);
            return id;
        }
    }

    private MediaTransfer TransferOf(Engine engine) => new(engine.Core, _media ?? throw new InvalidOperationException("The client was made without a media store."));
}
