using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>A pulse chat, as one device of a member uses it: people around an event, each with all their devices.</summary>
/// <remarks>
/// Messaging Layer Security (RFC 9420) with the rules of docs/protocol-groups.md: who is in it, what it is called and who may do what is
/// agreed by its members, never by a server. What others change, and what this device changes, comes as <see cref="PulseEvent"/>s out of
/// <see cref="E2EClient.ReadEventsAsync"/>. A change is made when its call returns. Where a call throws
/// <see cref="E2EError.RelayUnavailable"/> after the change was stored, it goes on by itself, and an event says when it is made or given up.
/// Thread-safe. Every call may throw <see cref="E2EException"/> with <see cref="E2EError.MlsGroupClosed"/> where this device is out of the
/// chat, with <see cref="E2EError.UnlistedDevice"/> where it is not on its account's list any more (<see cref="DeviceRemoved"/>), with
/// <see cref="E2EError.RelayUnavailable"/>, and with the reasons of the store that stand at <see cref="E2EClient"/>; every call
/// that changes the chat, leaving included, with <see cref="E2EError.NotAllowed"/> where the account has asked to leave.
/// </remarks>
public sealed class PulseChat
{
    private readonly E2EClient _client;

    internal PulseChat(E2EClient client, PulseId id)
    {
        _client = client;
        Id = id;
    }

    /// <summary>The chat's id: the same for everybody.</summary>
    public PulseId Id { get; }

    /// <summary>The name, the rights, and who reads along.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<PulseRoster> GetRosterAsync(CancellationToken cancellationToken = default) =>
        await (await PulsesAsync(cancellationToken).ConfigureAwait(false)).GetRosterAsync(Id, cancellationToken).ConfigureAwait(false);

    /// <summary>Adds a user with all devices. They read what is said from then on, and nothing of before.</summary>
    /// <param name="userId">The user: 1 to 64 bytes in UTF-8.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">Nobody knows the user, or none of the user's devices can be added
    /// (<see cref="E2EError.UnknownDevice"/>); the contact is blocked (<see cref="E2EError.NotAllowed"/>); the contact's account key has
    /// changed and was not accepted (<see cref="E2EError.AccountKeyChanged"/>); one's role does not allow it
    /// (<see cref="E2EError.GroupNotAllowed"/>); the chat would be too large (<see cref="E2EError.LimitExceeded"/>); or the user was not known,
    /// and the list that the relay has is not in order (as for <see cref="E2EClient.SendAsync"/>).</exception>
    public Task AddAsync(string userId, CancellationToken cancellationToken = default) => AddAllAsync([userId], cancellationToken);

    /// <summary>Adds several users at once, which costs little more than adding one.</summary>
    /// <param name="userIds">The users.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">As for <see cref="AddAsync"/>, for one of them: nobody is added
    /// then.</exception>
    public async Task AddAllAsync(IReadOnlyCollection<string> userIds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(userIds);
        foreach (string userId in userIds)
        {
            Argument.IsText(userId, Identity.DeviceAddress.MaxIdSize, nameof(userIds));
        }

        await (await PulsesAsync(cancellationToken).ConfigureAwait(false)).AddAsync(Id, userIds, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a member's devices out and brings them in anew, with one commit: for devices that cannot follow the chat and cannot come back by
    /// themselves (<see cref="PulseStalled"/>), also those of the creator, whom nobody removes. Roles stay. The devices are told
    /// <see cref="PulseClosed"/> and <see cref="PulseJoined"/>, the others <see cref="PulseDevicesChanged"/>.</summary>
    /// <param name="userId">The member; one's own id for one's other devices.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">As for <see cref="AddAsync"/>; or the user is not in the chat
    /// (<see cref="E2EError.UnknownDevice"/>). One's role has to allow the removal of members.</exception>
    public async Task BringBackAsync(string userId, CancellationToken cancellationToken = default)
    {
        Argument.IsText(userId, Identity.DeviceAddress.MaxIdSize);
        await (await PulsesAsync(cancellationToken).ConfigureAwait(false)).BringBackAsync(Id, userId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes a user with all devices: what is said after this has returned they cannot read. Nothing happens where the user is
    /// not in the chat.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentException">It is oneself: <see cref="LeaveAsync"/>.</exception>
    /// <exception cref="E2EException">One's role does not allow it (<see cref="E2EError.GroupNotAllowed"/>).</exception>
    public async Task RemoveAsync(string userId, CancellationToken cancellationToken = default)
    {
        Argument.IsText(userId, Identity.DeviceAddress.MaxIdSize);
        if (userId == _client.UserId)
        {
            throw new ArgumentException("Nobody removes themselves: they leave.", nameof(userId));
        }

        await ChangeAsync(new RemoveIntent(userId), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Leaves, with all devices of the account. Another member has to commit it: until one is online this device is still in the chat,
    /// and sends nothing more; then comes <see cref="PulseClosed"/>. Where nobody else is in the chat, or this
    /// device cannot follow it (<see cref="PulseStalled"/>), this device alone is out at once.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task LeaveAsync(CancellationToken cancellationToken = default) =>
        await (await PulsesAsync(cancellationToken).ConfigureAwait(false)).LeaveAsync(Id, cancellationToken).ConfigureAwait(false);

    /// <summary>Gives a member another role; <see cref="PulseRole.Creator"/> hands the chat over.</summary>
    /// <param name="userId">The member.</param>
    /// <param name="role">The role.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">The user is not in the chat, or has asked to leave and is to have a role
    /// (<see cref="E2EError.UnknownDevice"/>); one's role does not allow it, or it is the last one that anybody has
    /// (<see cref="E2EError.GroupNotAllowed"/>); or there are 64 admins already (<see cref="E2EError.LimitExceeded"/>).</exception>
    public async Task SetRoleAsync(string userId, PulseRole role, CancellationToken cancellationToken = default)
    {
        Argument.IsText(userId, Identity.DeviceAddress.MaxIdSize);
        if (!Enum.IsDefined(role))
        {
            throw new ArgumentOutOfRangeException(nameof(role));
        }

        await ChangeAsync(new RoleIntent(userId, (GroupRole)role), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives the chat another name.</summary>
    /// <param name="name">Up to 256 bytes in UTF-8; may be empty.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">One's role does not allow it (<see cref="E2EError.GroupNotAllowed"/>).</exception>
    public async Task RenameAsync(string name, CancellationToken cancellationToken = default)
    {
        CheckName(name);
        await ChangeAsync(new RenameIntent(name), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Changes who may do what.</summary>
    /// <param name="rights">The rights.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentException">A right is given to a role that cannot have it.</exception>
    /// <exception cref="E2EException">One is not the creator, nor an admin of a chat without one
    /// (<see cref="E2EError.GroupNotAllowed"/>).</exception>
    public async Task SetRightsAsync(PulseRights rights, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rights);
        await ChangeAsync(new RightsIntent(rights.ToGroup()), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes to everybody in the chat. Durable when this returns; sealed for those who are in it once all changes of this device's
    /// have been taken that are about who reads (members, not names, roles and rights), and sent as soon as the relay can be reached.</summary>
    /// <param name="content">What to say.</param>
    /// <param name="cancellationToken">Stops waiting; the message was taken or not.</param>
    /// <returns>The message's id.</returns>
    /// <exception cref="E2EException">The account has asked to leave (<see cref="E2EError.NotAllowed"/>); a verified member's account key
    /// has changed and was not accepted (<see cref="E2EError.AccountKeyChanged"/>); or 1,000 messages wait already
    /// (<see cref="E2EError.LimitExceeded"/>).</exception>
    /// <remarks>Where the store is put back, or the relay says so, before the message is sealed, others know it by another id: one that
    /// the later store cannot have given.</remarks>
    public async Task<MessageId> SendAsync(MessageContent content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        return await (await PulsesAsync(cancellationToken).ConfigureAwait(false)).SendAsync(Id, content, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Seals a file into the media store and sends the reference to it.</summary>
    /// <param name="file">From its position to its end; it can seek. Not disposed.</param>
    /// <param name="details">What it is called and what it is.</param>
    /// <param name="progress">Gets the sealed bytes that are durable in the media store; may be null.</param>
    /// <param name="cancellationToken">Stops between two parts.</param>
    /// <returns>The message's id, once it is durable.</returns>
    /// <remarks>A call that was interrupted is taken up by the same call again, as in <see cref="E2EClient.SendFileAsync"/>.</remarks>
    /// <exception cref="ArgumentException">The file cannot seek, or a detail is outside its bounds.</exception>
    /// <exception cref="InvalidOperationException">The client was made without a media store.</exception>
    /// <exception cref="E2EException">As for <see cref="SendAsync"/>, and of the file and the media store as for
    /// <see cref="E2EClient.SendFileAsync"/>.</exception>
    public async Task<MessageId> SendFileAsync(
        Stream file, FileDetails details, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(details);
        details.Validate();
        _ = await PulsesAsync(cancellationToken).ConfigureAwait(false);
        return await _client.SendFileToPulseAsync(Id, file, details, progress, cancellationToken).ConfigureAwait(false);
    }

    internal static void CheckName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length > 0)
        {
            Argument.IsText(name, GroupLimits.MaxNameSize);
        }
    }

    private async Task ChangeAsync(GroupIntent intent, CancellationToken cancellationToken) =>
        await (await PulsesAsync(cancellationToken).ConfigureAwait(false)).ChangeAsync(Id, intent, cancellationToken).ConfigureAwait(false);

    private async Task<Pulses> PulsesAsync(CancellationToken cancellationToken) =>
        (await _client.OpenAsync(cancellationToken).ConfigureAwait(false)).Pulses;
}
