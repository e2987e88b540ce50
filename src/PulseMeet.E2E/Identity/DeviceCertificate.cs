using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>An account's word that a device belongs to it: a server that invents a device has none for it.</summary>
/// <remarks>The account key's Ed25519 signature over (user id, device id, account key, device identity key, device signing
/// key, device MLS key, validity); docs/protocol.md, "Device certificate". It is no proof that the device holds the private keys: the
/// handshake's agreement and the signatures by those keys give that. Immutable and thread-safe.</remarks>
public sealed class DeviceCertificate : IEquatable<DeviceCertificate>
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxEncodedSize = 1 + (2 * (2 + DeviceAddress.MaxIdSize)) + (4 * 32) + (2 * 8) + Ed25519KeyPair.SignatureSize;

    private const byte Version = 2;

    /// <summary>Validity and signature, in bytes.</summary>
    private const int TailSize = (2 * 8) + Ed25519KeyPair.SignatureSize;

    private readonly byte[] _encoded;

    /// <summary>Whether the Ed25519 keys were checked when it was read.</summary>
    private readonly bool _hasCheckedKeys;

    /// <summary>Whether the signature was verified. Written once, from false to true, by whoever comes first.</summary>
    private volatile bool _isVerified;

    private DeviceCertificate(
        byte[] encoded,
        DeviceAddress address,
        Ed25519PublicKey accountKey,
        X25519PublicKey identityKey,
        Ed25519PublicKey signingKey,
        Ed25519PublicKey mlsKey,
        DateTimeOffset notBefore,
        DateTimeOffset notAfter,
        bool hasCheckedKeys)
    {
        _encoded = encoded;
        _hasCheckedKeys = hasCheckedKeys;
        Address = address;
        AccountKey = accountKey;
        IdentityKey = identityKey;
        SigningKey = signingKey;
        MlsKey = mlsKey;
        NotBefore = notBefore;
        NotAfter = notAfter;
    }

    /// <summary>The user and the device.</summary>
    public DeviceAddress Address { get; }

    /// <summary>The account key that signed: what contacts verify and remember.</summary>
    public Ed25519PublicKey AccountKey { get; }

    /// <summary>The device's identity key.</summary>
    public X25519PublicKey IdentityKey { get; }

    /// <summary>The key that signs the device's prekeys.</summary>
    public Ed25519PublicKey SigningKey { get; }

    /// <summary>The key that signs for the device in groups (RFC 9420, section 5.3), and nothing else.</summary>
    public Ed25519PublicKey MlsKey { get; }

    /// <summary>The first second of validity.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>The last second of validity.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>Those whose keys and signature were checked, by their whole encoding.</summary>
    internal static VerifiedOnce<DeviceCertificate> AllVerified { get; } = new(VerifiedOnce<DeviceCertificate>.SharedCapacity);

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v2 device certificate"u8;

    /// <summary>What stays the same when a certificate is renewed: everything but the validity and the signature.</summary>
    internal ReadOnlySpan<byte> Identity => IdentityOf(_encoded);

    internal ReadOnlySpan<byte> Encoded => _encoded;

    /// <summary>Whether both name the same device with the same keys: one may be the other one renewed.</summary>
    /// <param name="other">The other certificate.</param>
    public bool IsSameDevice(DeviceCertificate other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return PublicBytes.Equal(Identity, other.Identity);
    }

    /// <summary>The identity of an encoded certificate.</summary>
    /// <exception cref="E2EException">Too short (<see cref="E2EError.InvalidEncoding"/>).</exception>
    internal static ReadOnlySpan<byte> IdentityOf(ReadOnlySpan<byte> encoded) => encoded.Length > TailSize
        ? encoded[..^TailSize]
        : throw new E2EException(E2EError.InvalidEncoding, "Too short.");

    /// <summary>Signs a certificate for a device.</summary>
    /// <param name="account">The account's key pair. Not disposed.</param>
    /// <param name="address">The user and the device.</param>
    /// <param name="identityKey">The device's identity key.</param>
    /// <param name="signingKey">The device's signing key.</param>
    /// <param name="mlsKey">The device's signature key in groups: another one.</param>
    /// <param name="notBefore">The beginning of validity; counted in whole seconds.</param>
    /// <param name="notAfter">The end of validity; counted in whole seconds.</param>
    /// <exception cref="ArgumentException">The end is not after the beginning, or one key serves for two purposes.</exception>
    public static DeviceCertificate Issue(
        Ed25519KeyPair account,
        DeviceAddress address,
        X25519PublicKey identityKey,
        Ed25519PublicKey signingKey,
        Ed25519PublicKey mlsKey,
        DateTimeOffset notBefore,
        DateTimeOffset notAfter)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(identityKey);
        ArgumentNullException.ThrowIfNull(signingKey);
        ArgumentNullException.ThrowIfNull(mlsKey);
        if (mlsKey == signingKey || mlsKey == account.PublicKey)
        {
            throw new ArgumentException("The MLS key is a key of its own.", nameof(mlsKey));
        }

        if (notAfter <= notBefore)
        {
            throw new ArgumentException("The end of validity is not after its beginning.", nameof(notAfter));
        }

        var writer = new SpanWriter(stackalloc byte[MaxEncodedSize]);
        writer.WriteByte(Version);
        writer.WriteText16(address.UserId);
        writer.WriteText16(address.DeviceId);
        writer.WriteBytes(account.PublicKey.Span);
        writer.WriteBytes(identityKey.Span);
        writer.WriteBytes(signingKey.Span);
        writer.WriteBytes(mlsKey.Span);
        writer.WriteInt64(notBefore.ToUnixTimeSeconds());
        writer.WriteInt64(notAfter.ToUnixTimeSeconds());
        account.Sign(Label, writer.WrittenSpan, writer.Next(Ed25519KeyPair.SignatureSize));
        return Decode(writer.WrittenSpan);
    }

    /// <summary>Reads a certificate that came from outside. The signature is not verified yet: see <see cref="Verify(DateTimeOffset)"/>.</summary>
    /// <param name="encoded">What <see cref="Encode"/> gave, and nothing behind it.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), or with a bad key (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static DeviceCertificate Decode(ReadOnlySpan<byte> encoded) => Decode(encoded, isVerified: false, knownAccount: null);

    /// <summary>Reads a certificate out of this device's own encrypted state, where only verified ones go. Does not check
    /// again that its Ed25519 keys are of the prime-order subgroup: that takes 20 times as long as sealing a message.</summary>
    /// <exception cref="E2EException">As for <see cref="Decode(ReadOnlySpan{byte})"/>, but for those keys.</exception>
    internal static DeviceCertificate DecodeStored(ReadOnlySpan<byte> encoded) => Decode(encoded, isVerified: true, knownAccount: null);

    /// <summary>Reads one of many certificates of an account, whose key is checked once.</summary>
    internal static DeviceCertificate Decode(ReadOnlySpan<byte> encoded, Ed25519PublicKey knownAccount) =>
        Decode(encoded, isVerified: false, knownAccount);

    private static DeviceCertificate Decode(ReadOnlySpan<byte> encoded, bool isVerified, Ed25519PublicKey? knownAccount)
    {
        if (!isVerified && AllVerified.Find(encoded) is { } known)
        {
            return known;
        }

        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        DeviceAddress address = ReadAddress(ref reader);
        ReadOnlySpan<byte> account = reader.ReadBytes(Ed25519PublicKey.KeySize);
        Ed25519PublicKey accountKey = knownAccount is not null && PublicBytes.Equal(account, knownAccount.Span)
            ? knownAccount
            : ToKey(account, isVerified);
        var identityKey = X25519PublicKey.FromBytes(reader.ReadBytes(X25519PublicKey.KeySize));
        Ed25519PublicKey signingKey = ToKey(reader.ReadBytes(Ed25519PublicKey.KeySize), isVerified);
        Ed25519PublicKey mlsKey = ToKey(reader.ReadBytes(Ed25519PublicKey.KeySize), isVerified);
        DateTimeOffset notBefore = UnixTime.Read(ref reader);
        DateTimeOffset notAfter = UnixTime.Read(ref reader);
        _ = reader.ReadBytes(Ed25519KeyPair.SignatureSize);
        reader.ExpectEnd();
        return new(encoded.ToArray(), address, accountKey, identityKey, signingKey, mlsKey, notBefore, notAfter, !isVerified);
    }

    /// <summary>Checks the account key's signature and the validity period, with 5 minutes of tolerance at both ends.</summary>
    /// <param name="now">The current time.</param>
    /// <exception cref="E2EException">The signature does not verify (<see cref="E2EError.InvalidSignature"/>), or
    /// <paramref name="now"/> is outside the validity (<see cref="E2EError.Expired"/>).</exception>
    public void Verify(DateTimeOffset now) => Verify(now, IdentityLimits.ClockTolerance);

    /// <summary>Whether a new certificate should be asked for: the last third of the validity, at most its last year, has begun, or
    /// the certificate is from a clock that was ahead. Nothing is refused yet.</summary>
    /// <param name="now">The current time.</param>
    public bool IsRenewalDue(DateTimeOffset now)
    {
        TimeSpan third = (NotAfter - NotBefore) / 3;
        TimeSpan before = third < IdentityLimits.CertificateRenewal ? third : IdentityLimits.CertificateRenewal;
        return NotAfter - now <= before || NotBefore - now > IdentityLimits.ClockTolerance;
    }

    /// <summary>Whether the last second of validity is over: a device does not begin anything with such a certificate of its own.</summary>
    /// <param name="now">The current time.</param>
    public bool IsExpired(DateTimeOffset now) => now.ToUnixTimeSeconds() > NotAfter.ToUnixTimeSeconds();

    /// <summary>As <see cref="Verify(DateTimeOffset)"/>, for a first message that may have been on its way for long.</summary>
    internal void VerifyInFirstMessage(DateTimeOffset now) => Verify(now, IdentityLimits.ExpiryGrace);

    private void Verify(DateTimeOffset now, TimeSpan afterTheEnd)
    {
        VerifySignature();
        long seconds = now.ToUnixTimeSeconds();
        if (NotBefore.ToUnixTimeSeconds() - seconds > (long)IdentityLimits.ClockTolerance.TotalSeconds
            || seconds - NotAfter.ToUnixTimeSeconds() > (long)afterTheEnd.TotalSeconds)
        {
            throw new E2EException(E2EError.Expired, "The device certificate.");
        }
    }

    /// <exception cref="E2EException">The signature does not verify (<see cref="E2EError.InvalidSignature"/>).</exception>
    /// <remarks>Once for each certificate in a process: <see cref="VerifiedOnce{T}"/>.</remarks>
    internal void VerifySignature()
    {
        if (_isVerified)
        {
            return;
        }

        ReadOnlySpan<byte> signature = _encoded.AsSpan(_encoded.Length - Ed25519KeyPair.SignatureSize);
        ReadOnlySpan<byte> content = _encoded.AsSpan(0, _encoded.Length - Ed25519KeyPair.SignatureSize);
        if (!AccountKey.Verify(Label, content, signature))
        {
            throw new E2EException(E2EError.InvalidSignature, "The device certificate.");
        }

        _isVerified = true;
        if (_hasCheckedKeys)
        {
            AllVerified.Add(Encoded, this);
        }
    }

    /// <summary>The user and device of an encoded certificate, without any work on its keys.</summary>
    /// <returns>The account key's 32 bytes, not checked.</returns>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), or another version
    /// (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    internal static ReadOnlySpan<byte> ReadSubject(ReadOnlySpan<byte> encoded, out string userId, out string deviceId)
    {
        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        userId = ReadId(ref reader);
        deviceId = ReadId(ref reader);
        return reader.ReadBytes(Ed25519PublicKey.KeySize);
    }

    /// <summary>The encoding, for publishing and storing.</summary>
    public byte[] Encode() => [.. _encoded];

    /// <inheritdoc/>
    public bool Equals(DeviceCertificate? other) => other is not null && PublicBytes.Equal(_encoded, other._encoded);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DeviceCertificate);

    /// <inheritdoc/>
    public override int GetHashCode() => PublicBytes.Hash(_encoded);

    private static Ed25519PublicKey ToKey(ReadOnlySpan<byte> key, bool isVerified) =>
        isVerified ? new Ed25519PublicKey(key) : Ed25519PublicKey.FromBytes(key);

    /// <exception cref="E2EException">As for <see cref="ReadId"/>.</exception>
    internal static DeviceAddress ReadAddress(ref SpanReader reader)
    {
        string userId = ReadId(ref reader);
        return new DeviceAddress(userId, ReadId(ref reader));
    }

    /// <exception cref="E2EException">Not 1 to 64 bytes of UTF-8 (<see cref="E2EError.InvalidEncoding"/>).</exception>
    internal static string ReadId(ref SpanReader reader)
    {
        ReadOnlySpan<byte> id = reader.ReadField16();
        return id.Length is > 0 and <= DeviceAddress.MaxIdSize
            ? StrictUtf8.Decode(id)
            : throw new E2EException(E2EError.InvalidEncoding, "A user or device id is empty or too long.");
    }
}
