using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>A listed device's request for the account's private key: an operation of its own, which linking is not. The device that holds
/// the key asks its user, and hands over a copy.</summary>
/// <remarks>Signed by the device's certified key, so that it may go over the relay; the copy is sealed to a key made for this request alone.
/// docs/protocol-linking.md, "Handing over the account key". Owns that key. Not thread-safe.</remarks>
public sealed class LinkKeyRequest : IDisposable
{
    private readonly X25519KeyPair _answerKey;
    private readonly Ed25519PublicKey _accountKey;
    private readonly byte[] _payload;
    private readonly DateTimeOffset _createdAt;
    private bool _isCompleted;

    private LinkKeyRequest(X25519KeyPair answerKey, Ed25519PublicKey accountKey, byte[] payload, DateTimeOffset createdAt)
    {
        _answerKey = answerKey;
        _accountKey = accountKey;
        _payload = payload;
        _createdAt = createdAt;
    }

    /// <summary>Makes a request.</summary>
    /// <param name="own">The asking device. Not disposed and not kept.</param>
    /// <param name="time">The clock.</param>
    public static LinkKeyRequest Create(DeviceIdentity own, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(time);
        X25519KeyPair answerKey = X25519KeyPair.Generate();
        Span<byte> id = stackalloc byte[LinkPayload.IdSize];
        Randomness.Fill(id);
        DateTimeOffset now = time.GetUtcNow();
        return new(answerKey, own.Certificate.AccountKey, LinkKeyPayload.Create(own, id, answerKey.PublicKey, now), now);
    }

    /// <summary>The request, for the device that holds the account key. No secret.</summary>
    public byte[] ToArray() => [.. _payload];

    /// <summary>Takes the answer, once. What is refused leaves the request as it was.</summary>
    /// <param name="answer">What <see cref="LinkKeyHandover.Seal"/> gave on the other device.</param>
    /// <param name="now">The current time.</param>
    /// <returns>The account's key pair; the caller disposes it.</returns>
    /// <exception cref="E2EException">The request is too old, had its answer, or this is another one's
    /// (<see cref="E2EError.LinkRefused"/>); malformed (<see cref="E2EError.InvalidEncoding"/>,
    /// <see cref="E2EError.InvalidPublicKey"/>) or of another version (<see cref="E2EError.UnsupportedVersion"/>); changed or for somebody
    /// else (<see cref="E2EError.NotAuthentic"/>); or another account's key (<see cref="E2EError.WrongIdentity"/>).</exception>
    public Ed25519KeyPair Complete(ReadOnlySpan<byte> answer, DateTimeOffset now)
    {
        Ed25519KeyPair account = Open(answer, now);
        End();
        return account;
    }

    /// <summary>Zeroes the request's key.</summary>
    public void Dispose() => _answerKey.Dispose();

    /// <summary>The request's id, under which its answer lies at the relay: 16 bytes.</summary>
    internal byte[] CopyId() => LinkKeyPayload.IdOf(_payload).ToArray();

    /// <summary>When it was made.</summary>
    internal DateTimeOffset CreatedAt => _createdAt;

    /// <summary>As <see cref="Complete"/>, for whoever notes only afterwards that it was taken (<see cref="End"/>).</summary>
    internal Ed25519KeyPair Open(ReadOnlySpan<byte> answer, DateTimeOffset now)
    {
        if (_isCompleted)
        {
            throw new E2EException(E2EError.LinkRefused, "The request has had its answer.");
        }

        LinkLifetime.Check(_createdAt, now);
        Ed25519KeyPair account = LinkKeyPayload.OpenAnswer(_payload, _answerKey, answer);
        if (account.PublicKey != _accountKey)
        {
            account.Dispose();
            throw new E2EException(E2EError.WrongIdentity);
        }

        return account;
    }

    /// <summary>The key was taken: no other answer is.</summary>
    internal void End() => _isCompleted = true;

    /// <exception cref="ObjectDisposedException">The request was disposed.</exception>
    internal void ThrowIfDisposed()
    {
        using SecretScope key = _answerKey.Use();
    }
}
