using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.Ratchet;

/// <summary>The factory over one set of options and one clock. Thread-safe.</summary>
public sealed class RatchetSessionFactory : IRatchetSessionFactory
{
    private readonly RatchetOptions _ratchet;
    private readonly PreKeyOptions _preKeys;
    private readonly TimeProvider _time;

    /// <param name="ratchet">Padding and renewal of sessions.</param>
    /// <param name="preKeys">The oldest prekeys that are taken, and the app's profile.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public RatchetSessionFactory(RatchetOptions ratchet, PreKeyOptions preKeys, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(ratchet);
        ArgumentNullException.ThrowIfNull(preKeys);
        ArgumentNullException.ThrowIfNull(time);
        ratchet.Validate();
        preKeys.Validate();
        _ratchet = ratchet;
        _preKeys = preKeys;
        _time = time;
    }

    /// <inheritdoc/>
    public RatchetSession Initiate(DeviceIdentity own, ExpectedPeer peer, PreKeyBundle bundle) =>
        RatchetSession.Initiate(own, peer, bundle, _ratchet, _preKeys, _time);

    /// <inheritdoc/>
    public AcceptedSession Accept(
        DevicePreKeys preKeys,
        ExpectedPeer peer,
        ReadOnlySpan<byte> message,
        ReadOnlySpan<byte> associatedData = default) =>
        RatchetSession.Accept(preKeys, peer, message, _ratchet, _time, associatedData);

    /// <inheritdoc/>
    public RatchetSession Load(ReadOnlySpan<byte> state) => RatchetSession.Deserialize(state, _ratchet, _time);
}
