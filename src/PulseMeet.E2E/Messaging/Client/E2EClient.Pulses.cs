using PulseMeet.E2E.Media;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <content>Pulse chats.</content>
public sealed partial class E2EClient
{
    internal string UserId => _options.Device!.UserId;

    /// <summary>Makes a pulse chat and adds users to it, each with all devices, and one's own other devices.</summary>
    /// <param name="name">Up to 256 bytes in UTF-8; may be empty.</param>
    /// <param name="userIds">The users; may be empty.</param>
    /// <param name="cancellationToken">Stops waiting; the chat was made or not.</param>
    /// <returns>The chat, once it is durable. Where the relay cannot be reached just then, it goes up later.</returns>
    /// <exception cref="E2EException">As for <see cref="PulseChat.AddAsync"/>: no chat is made then.</exception>
    public Task<PulseChat> CreatePulseAsync(
        string name, IReadOnlyCollection<string> userIds, CancellationToken cancellationToken) =>
        CreatePulseAsync(name, userIds, null, cancellationToken);

    /// <inheritdoc cref="CreatePulseAsync(string, IReadOnlyCollection{string}, CancellationToken)"/>
    /// <param name="name">Up to 256 bytes in UTF-8; may be empty.</param>
    /// <param name="userIds">The users; may be empty.</param>
    /// <param name="options">The keys that it is made of, and who may do what; null for what is usual.</param>
    /// <param name="cancellationToken">Stops waiting; the chat was made or not.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public async Task<PulseChat> CreatePulseAsync(
        string name, IReadOnlyCollection<string> userIds, PulseOptions? options = null, CancellationToken cancellationToken = default)
    {
        PulseChat.CheckName(name);
        ArgumentNullException.ThrowIfNull(userIds);
        options ??= new PulseOptions();
        ArgumentNullException.ThrowIfNull(options.Rights, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.ExpectedDevices, nameof(options));
        if (!Enum.IsDefined(options.Suite))
        {
            throw new ArgumentException("An unknown suite.", nameof(options));
        }

        foreach (string userId in userIds)
        {
            CheckUser(userId);
        }

        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return new PulseChat(this, await engine.Pulses.CreateAsync(name, userIds, options, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>A pulse chat that this device is in, or was.</summary>
    /// <param name="id">Its id, as events have it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Null where this device was never in such a chat.</returns>
    public async Task<PulseChat?> GetPulseAsync(PulseId id, CancellationToken cancellationToken = default)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await engine.Pulses.IsKnownAsync(id, cancellationToken).ConfigureAwait(false) ? new PulseChat(this, id) : null;
    }

    /// <summary>The pulse chats that this device is in, in no order.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<PulseChat>> GetPulsesAsync(CancellationToken cancellationToken = default)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<PulseId> ids = await engine.Pulses.ReadAllAsync(withClosed: false, cancellationToken).ConfigureAwait(false);
        return [.. ids.Select(id => new PulseChat(this, id))];
    }

    internal async Task<MessageId> SendFileToPulseAsync(
        PulseId id, Stream file, FileDetails details, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (!file.CanSeek)
        {
            throw new ArgumentException("The file has to be one that can seek.", nameof(file));
        }

        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await PutAndSendAsync(
            engine,
            "pulse " + id,
            file,
            details,
            progress,
            content => engine.Pulses.SendAsync(id, content, cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }
}
