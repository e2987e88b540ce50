using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E;

/// <summary>A new device's request to belong to an account: it makes its keys, shows <see cref="Payload"/>, and gets a certificate and the
/// device list. No private key travels.</summary>
/// <remarks>The payload goes from screen to camera, or by the user's own hands, and never over the relay: it holds the secret that the
/// answer is authenticated with. docs/protocol-linking.md. Owns the device's private keys. Not thread-safe.</remarks>
public sealed class LinkRequest : IDisposable
{
    /// <summary>How long a request is good: ten minutes.</summary>
    public static readonly TimeSpan Lifetime = LinkLifetime.Period;

    private const byte Version = 1;

    private readonly X25519KeyPair _identityKey;
    private readonly Ed25519KeyPair _signingKey;
    private readonly Ed25519KeyPair _mlsKey;
    private readonly X25519KeyPair _answerKey;
    private readonly LinkPayload _payload;
    private bool _isDisposed;

    private LinkRequest(
        X25519KeyPair identityKey, Ed25519KeyPair signingKey, Ed25519KeyPair mlsKey, X25519KeyPair answerKey, LinkPayload payload)
    {
        _identityKey = identityKey;
        _signingKey = signingKey;
        _mlsKey = mlsKey;
        _answerKey = answerKey;
        _payload = payload;
        Payload = payload.ToText();
    }

    /// <summary>The user, and the device that this one wants to be.</summary>
    public DeviceAddress Address => _payload.Address;

    /// <summary>When the request was made, in whole seconds.</summary>
    public DateTimeOffset CreatedAt => _payload.CreatedAt;

    /// <summary>What the other device reads: capital letters and digits, for a QR code in alphanumeric mode or for pasting. It holds a
    /// secret: whoever sees it can answer in the account's place until the request has an answer.</summary>
    public string Payload { get; }

    /// <summary>Whether the request has had its answer.</summary>
    public bool IsCompleted { get; private set; }

    /// <summary>Makes the keys of a new device and its request.</summary>
    /// <param name="address">The user, and a device id that the account has not had.</param>
    /// <param name="time">The clock.</param>
    public static LinkRequest Create(DeviceAddress address, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(time);
        Span<byte> idAndSecret = stackalloc byte[LinkPayload.IdSize + LinkPayload.SecretSize];
        Randomness.Fill(idAndSecret);
        X25519KeyPair identityKey = X25519KeyPair.Generate();
        Ed25519KeyPair signingKey = Ed25519KeyPair.Generate();
        Ed25519KeyPair mlsKey = Ed25519KeyPair.Generate();
        X25519KeyPair answerKey = X25519KeyPair.Generate();
        return new(identityKey, signingKey, mlsKey, answerKey, LinkPayload.Create(
            address, identityKey.PublicKey, signingKey, mlsKey.PublicKey, answerKey.PublicKey, time.GetUtcNow(), idAndSecret));
    }

    /// <summary>The request's id, 16 bytes: what the relay keeps the answer under.</summary>
    public byte[] CopyId() => _payload.Id.ToArray();

    /// <summary>Takes the answer, once. What is refused leaves the request as it was.</summary>
    /// <param name="answer">What the relay gave.</param>
    /// <param name="now">The current time.</param>
    /// <returns>The device, now certified, and the list that has it. The caller disposes the device.</returns>
    /// <exception cref="E2EException">The request is too old, had its answer, or this is another one's
    /// (<see cref="E2EError.LinkRefused"/>); malformed (<see cref="E2EError.InvalidEncoding"/>) or of another version
    /// (<see cref="E2EError.UnsupportedVersion"/>); changed, or not from a device that has seen the payload
    /// (<see cref="E2EError.NotAuthentic"/>); for other keys (<see cref="E2EError.WrongIdentity"/>,
    /// <see cref="E2EError.UnlistedDevice"/>); or with a signature or a time that is not good
    /// (<see cref="E2EError.InvalidSignature"/>, <see cref="E2EError.Expired"/>).</exception>
    public LinkedDevice Complete(ReadOnlySpan<byte> answer, DateTimeOffset now)
    {
        if (IsCompleted)
        {
            throw new E2EException(E2EError.LinkRefused, "The request has had its answer.");
        }

        LinkLifetime.Check(CreatedAt, now);
        (DeviceCertificate certificate, DeviceList devices) = LinkAnswerSeal.Open(_payload, _answerKey, answer);
        if (certificate.Address != Address
            || certificate.IdentityKey != _payload.IdentityKey
            || certificate.SigningKey != _payload.SigningKey
            || certificate.MlsKey != _payload.MlsKey)
        {
            throw new E2EException(E2EError.WrongIdentity);
        }

        certificate.Verify(now);
        devices.Verify(Address.UserId, certificate.AccountKey, now);
        devices.CheckListed(certificate);
        IsCompleted = true;
        return new(new DeviceIdentity(_identityKey.Copy(), _signingKey.Copy(), _mlsKey.Copy(), certificate), devices);
    }

    /// <summary>Serialises the request with its private keys, for the device's sealed store. The caller zeroes the bytes.</summary>
    public byte[] Serialize()
    {
        byte[] state = new byte[1 + 1 + (4 * 32) + 2 + _payload.Encoded.Length];
        var writer = new SpanWriter(state);
        writer.WriteByte(Version);
        writer.WriteBoolean(IsCompleted);
        _identityKey.Write(ref writer);
        _signingKey.Write(ref writer);
        _mlsKey.Write(ref writer);
        _answerKey.Write(ref writer);
        writer.WriteField16(_payload.Encoded);
        writer.ExpectFull();
        return state;
    }

    /// <summary>Reads what <see cref="Serialize"/> wrote.</summary>
    /// <param name="state">The serialised request.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), a later version
    /// (<see cref="E2EError.UnsupportedVersion"/>), or private and public keys that do not belong together
    /// (<see cref="E2EError.WrongIdentity"/>).</exception>
    public static LinkRequest Deserialize(ReadOnlySpan<byte> state)
    {
        var reader = new SpanReader(state);
        reader.ExpectVersion(Version);
        bool isCompleted = reader.ReadBoolean();
        ReadOnlySpan<byte> privateKeys = reader.ReadBytes(4 * 32);
        LinkPayload payload = LinkPayload.Decode(reader.ReadField16());
        reader.ExpectEnd();
        var request = new LinkRequest(
            X25519KeyPair.Import(privateKeys[..32]),
            Ed25519KeyPair.Import(privateKeys[32..64]),
            Ed25519KeyPair.Import(privateKeys[64..96]),
            X25519KeyPair.Import(privateKeys[96..]),
            payload)
        {
            IsCompleted = isCompleted,
        };
        if (request._identityKey.PublicKey != payload.IdentityKey
            || request._signingKey.PublicKey != payload.SigningKey
            || request._mlsKey.PublicKey != payload.MlsKey
            || request._answerKey.PublicKey != payload.AnswerKey)
        {
            request.Dispose();
            throw new E2EException(E2EError.WrongIdentity);
        }

        return request;
    }

    /// <summary>Zeroes the private keys. A device that was made of them has its own copies.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _identityKey.Dispose();
        _signingKey.Dispose();
        _mlsKey.Dispose();
        _answerKey.Dispose();
    }

    /// <exception cref="ObjectDisposedException">The request was disposed.</exception>
    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_isDisposed, this);
}
