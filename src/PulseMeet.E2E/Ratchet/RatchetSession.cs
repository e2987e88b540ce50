using System.Diagnostics;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Ratchet;

/// <summary>A conversation of two devices: every message under a key of its own, and new keys with every turn.</summary>
/// <remarks>
/// Double Ratchet with header encryption (Signal, "The Double Ratchet Algorithm", section 4) over a PQXDH handshake.
/// Thread-safe: calls on one session run one after the other. The app stores <see cref="Serialize"/> before a sealed message
/// leaves and before an opened one is shown. docs/protocol.md, "Ratchet"; the bounds are in <see cref="RatchetLimits"/>.
/// </remarks>
/// <example><code>
/// byte[] message = session.Seal("Coffee at ten?"u8);
/// store.Put("bob/phone", session.Serialize()); // before the message leaves
/// await network.SendAsync(message);
/// </code></example>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class RatchetSession : IDisposable
{
    /// <summary>How far clocks may be apart without anything following from it.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly SessionState _state;
    private readonly PaddingScheme _padding;
    private readonly TimeSpan _renewalInterval;
    private readonly TimeProvider _time;

    private RatchetSession(SessionState state, RatchetOptions options, TimeProvider time)
    {
        _state = state;
        _padding = options.Padding;
        _renewalInterval = options.RenewalInterval;
        _time = time;
    }

    /// <summary>The peer's certificate: that of the handshake, or the newest one since that was taken.</summary>
    public DeviceCertificate Peer
    {
        get
        {
            lock (_lock)
            {
                return _state.Peer;
            }
        }
    }

    /// <summary>Whether a one-time pair took part in the handshake.</summary>
    public HandshakeInfo Handshake => _state.Handshake;

    /// <summary>Tells this session's handshake from every other: 32 bytes, the same on both sides.</summary>
    internal ReadOnlySpan<byte> HandshakeHash => _state.HandshakeHash;

    /// <summary>When the session began, in whole seconds.</summary>
    public DateTimeOffset EstablishedAt => _state.EstablishedAt;

    /// <summary>Whether the peer has answered; until then every message carries the handshake.</summary>
    public bool IsAcknowledged
    {
        get
        {
            lock (_lock)
            {
                return _state.Pending is null;
            }
        }
    }

    /// <summary>Whether the peer has left the session unanswered for the renewal interval or for
    /// <see cref="RatchetLimits.MaxUnanswered"/> messages: time for a new handshake. One that began in the future, by a clock that was
    /// since set back, is due at once.</summary>
    public bool IsRenewalDue
    {
        get
        {
            TimeSpan age = _time.GetUtcNow() - EstablishedAt;
            lock (_lock)
            {
                return _state.Pending is not null
                    && (age >= _renewalInterval
                        || age < -ClockTolerance
                        || _state.Ratchet.Sending is { Index: >= RatchetLimits.MaxUnanswered });
            }
        }
    }

    /// <summary>Whether a message carries a handshake: it opens with <see cref="Open"/> on the session that it began, or
    /// begins one with <see cref="Accept"/>.</summary>
    /// <param name="message">A message from outside.</param>
    /// <exception cref="E2EException">Too short or of an unknown type (<see cref="E2EError.InvalidEncoding"/>), or of another
    /// version (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static bool IsFirstMessage(ReadOnlySpan<byte> message) => RatchetMessage.ReadType(message) == RatchetMessage.First;

    /// <summary>Whether a message with a handshake belongs to this session: its repeated handshake is this session's.</summary>
    /// <param name="firstMessage">A message for which <see cref="IsFirstMessage"/> is true.</param>
    /// <exception cref="E2EException">Malformed, as for <see cref="Accept"/>.</exception>
    public bool BeganWith(ReadOnlySpan<byte> firstMessage) =>
        IsOwn(FirstMessage.Read(firstMessage).Header);

    /// <summary>The length of the next sealed message, in bytes.</summary>
    /// <param name="plaintextLength">In bytes, 0 to 16 MiB.</param>
    public int GetSealedLength(int plaintextLength)
    {
        lock (_lock)
        {
            return LengthOf(plaintextLength, nameof(plaintextLength));
        }
    }

    /// <summary>Seals a message. The state moves on: store it before the message leaves.</summary>
    /// <param name="plaintext">0 bytes to 16 MiB.</param>
    /// <param name="associatedData">The app's own, such as the conversation's and the message's ids; authenticated, not
    /// sent; at most 1,024 bytes.</param>
    /// <exception cref="ArgumentException">The plaintext or the associated data is too long.</exception>
    /// <exception cref="E2EException">2^32 - 1 messages went without an answer
    /// (<see cref="E2EError.ChainExhausted"/>).</exception>
    public byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData = default)
    {
        CheckAssociatedData(associatedData);
        lock (_lock)
        {
            byte[] message = new byte[LengthOf(plaintext.Length, nameof(plaintext))];
            Seal(plaintext, associatedData, message);
            return message;
        }
    }

    /// <summary>Seals a message into the caller's memory. The state moves on: store it before the message leaves.</summary>
    /// <param name="plaintext">0 bytes to 16 MiB; does not overlap <paramref name="destination"/>.</param>
    /// <param name="destination">At least <see cref="GetSealedLength"/> bytes.</param>
    /// <param name="written">The length of the message.</param>
    /// <param name="associatedData">As for <see cref="Seal(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>.</param>
    /// <returns>False, and nothing has changed, where the destination is too short.</returns>
    /// <exception cref="ArgumentException">The plaintext or the associated data is too long.</exception>
    /// <exception cref="E2EException">As for <see cref="Seal(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>.</exception>
    public bool TrySeal(
        ReadOnlySpan<byte> plaintext,
        Span<byte> destination,
        out int written,
        ReadOnlySpan<byte> associatedData = default)
    {
        CheckAssociatedData(associatedData);
        lock (_lock)
        {
            int length = LengthOf(plaintext.Length, nameof(plaintext));
            if (destination.Length < length)
            {
                written = 0;
                return false;
            }

            Seal(plaintext, associatedData, destination[..length]);
            written = length;
            return true;
        }
    }

    /// <summary>Opens a message. The state moves on only if it opens: store it before the plaintext is shown.</summary>
    /// <param name="message">A message from the peer.</param>
    /// <param name="associatedData">As it was sealed.</param>
    /// <exception cref="ArgumentException">The associated data is too long.</exception>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>,
    /// <see cref="E2EError.UnsupportedVersion"/>, <see cref="E2EError.LimitExceeded"/>), of another session
    /// (<see cref="E2EError.WrongSession"/>), with a changed certificate (<see cref="E2EError.InvalidSignature"/>), changed or not of this session (<see cref="E2EError.NotAuthentic"/>), opened
    /// before (<see cref="E2EError.DuplicateMessage"/>), too far ahead (<see cref="E2EError.TooFarAhead"/>), or with a bad
    /// ratchet key (<see cref="E2EError.InvalidPublicKey"/>). The session is then as it was.</exception>
    public byte[] Open(ReadOnlySpan<byte> message, ReadOnlySpan<byte> associatedData = default)
    {
        CheckAssociatedData(associatedData);
        try
        {
            byte[] plaintext = OpenCounted(message, associatedData);
            Telemetry.MessageOpened();
            return plaintext;
        }
        catch (E2EException refused) when (Telemetry.OpeningFailed(refused.Reason))
        {
            throw;
        }
    }

    /// <summary>Serialises the session with its secrets, for the app's encrypted store. The caller zeroes the bytes.</summary>
    public byte[] Serialize()
    {
        lock (_lock)
        {
            _state.Ratchet.DropExpired(_time.GetUtcNow());
            return SessionStateCodec.Write(_state);
        }
    }

    /// <summary>Reads what <see cref="Serialize"/> wrote, in this or an earlier version.</summary>
    /// <param name="state">The serialised session.</param>
    /// <param name="options">Padding and renewal.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>,
    /// <see cref="E2EError.LimitExceeded"/>, <see cref="E2EError.InvalidPublicKey"/>), or of a later version
    /// (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static RatchetSession Deserialize(ReadOnlySpan<byte> state, RatchetOptions options, TimeProvider time)
    {
        CheckArguments(options, time);
        return new(SessionStateCodec.Read(state), options, time);
    }

    /// <summary>That it is a session; nothing of its keys or its peer.</summary>
    public override string ToString() => nameof(RatchetSession);

    /// <summary>Zeroes all keys.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _state.Ratchet.Dispose();
        }
    }

    private bool IsOwn(HandshakeHeader header) => PublicBytes.Equal(header.HashOfHandshake(), _state.HandshakeHash);

    private byte[] OpenCounted(ReadOnlySpan<byte> message, ReadOnlySpan<byte> associatedData)
    {
        if (!IsFirstMessage(message))
        {
            return OpenInner(message, associatedData, null);
        }

        var first = FirstMessage.Read(message);
        if (!IsOwn(first.Header))
        {
            throw new E2EException(E2EError.WrongSession);
        }

        // Who has the session's keys sealed the whole header: a certificate in it that was renewed on the way is the peer's word.
        DeviceCertificate? renewed = null;
        if (!PublicBytes.Equal(first.Header.Certificate, Peer.Encoded))
        {
            renewed = DeviceCertificate.Decode(first.Header.Certificate);
            renewed.VerifySignature();
        }

        return OpenInner(first.Inner, FirstMessage.Bind(first.Header.Encoded, associatedData), renewed);
    }

    private byte[] OpenInner(ReadOnlySpan<byte> inner, ReadOnlySpan<byte> associatedData, DeviceCertificate? renewed)
    {
        lock (_lock)
        {
            byte[] plaintext = RatchetOpening.Open(_state.Ratchet, inner, associatedData, _time.GetUtcNow());
            _state.Pending = null;
            if (renewed is not null && renewed.NotAfter > _state.Peer.NotAfter)
            {
                _state.Peer = renewed;
            }

            return plaintext;
        }
    }

    private void Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData, Span<byte> message)
    {
        try
        {
            if (_state.Pending is { } header)
            {
                RatchetSealing.Seal(
                    _state.Ratchet, plaintext, FirstMessage.Bind(header, associatedData), FirstMessage.Write(header, message));
            }
            else
            {
                RatchetSealing.Seal(_state.Ratchet, plaintext, associatedData, message);
            }
        }
        catch (E2EException refused) when (Telemetry.SealingFailed(refused.Reason))
        {
            throw;
        }

        Telemetry.MessageSealed();
    }

    private int LengthOf(int plaintextLength, string parameter)
    {
        if ((uint)plaintextLength > RatchetLimits.MaxPlaintext)
        {
            throw new ArgumentException("A message has at most 16 MiB.", parameter);
        }

        int first = _state.Pending is { } header ? RatchetMessage.PrefixSize + header.Length : 0;
        return first + RatchetMessage.BodyAt + SealedBody.GetSealedLength(plaintextLength, _padding);
    }

    private static void CheckAssociatedData(ReadOnlySpan<byte> associatedData)
    {
        if (associatedData.Length > RatchetLimits.MaxAssociatedData)
        {
            throw new ArgumentException("Associated data has at most 1,024 bytes.", nameof(associatedData));
        }
    }
}
