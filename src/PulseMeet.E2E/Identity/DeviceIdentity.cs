using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Identity;

/// <summary>What makes a device this device: its identity key pair, its two signing key pairs, and the account's certificate for
/// them.</summary>
/// <remarks>The account's private key is needed only here, when a device is added or its certificate renewed; it is not
/// kept. Owns the three key pairs. Thread-safe until disposed.</remarks>
public sealed class DeviceIdentity : IDisposable
{
    private const byte Version = 2;

    private volatile DeviceCertificate _certificate;

    internal DeviceIdentity(
        X25519KeyPair identityKey, Ed25519KeyPair signingKey, Ed25519KeyPair mlsKey, DeviceCertificate certificate)
    {
        IdentityKey = identityKey;
        SigningKey = signingKey;
        MlsKey = mlsKey;
        _certificate = certificate;
    }

    /// <summary>The user and the device.</summary>
    public DeviceAddress Address => Certificate.Address;

    /// <summary>The account's certificate for this device: the newest one that it was given.</summary>
    public DeviceCertificate Certificate => _certificate;

    internal X25519KeyPair IdentityKey { get; }

    /// <summary>Signs prekeys.</summary>
    internal Ed25519KeyPair SigningKey { get; }

    /// <summary>Signs in groups.</summary>
    internal Ed25519KeyPair MlsKey { get; }

    /// <summary>Makes a new device of an account.</summary>
    /// <param name="account">The account's key pair. Not disposed and not kept.</param>
    /// <param name="address">The user and the device.</param>
    /// <param name="time">The clock that the validity begins on.</param>
    /// <param name="validity">How long the certificate is valid; 3,650 days where null.</param>
    /// <exception cref="ArgumentException">The validity is not longer than zero.</exception>
    public static DeviceIdentity Create(
        Ed25519KeyPair account, DeviceAddress address, TimeProvider time, TimeSpan? validity = null)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(time);
        X25519KeyPair identityKey = X25519KeyPair.Generate();
        Ed25519KeyPair signingKey = Ed25519KeyPair.Generate();
        Ed25519KeyPair mlsKey = Ed25519KeyPair.Generate();
        DateTimeOffset now = time.GetUtcNow();
        return new(identityKey, signingKey, mlsKey, DeviceCertificate.Issue(
            account,
            address,
            identityKey.PublicKey,
            signingKey.PublicKey,
            mlsKey.PublicKey,
            now,
            UnixTime.After(now, validity ?? IdentityLimits.CertificateValidity)));
    }

    /// <summary>Renews this device's certificate, where the account's key is at hand. Prekeys, sessions and publications that use
    /// this identity use the new one from now on. Store <see cref="Serialize"/>.</summary>
    /// <param name="account">The account's key pair. Not disposed and not kept.</param>
    /// <param name="time">The clock that the validity begins on.</param>
    /// <param name="validity">How long the certificate is valid; 3,650 days where null.</param>
    /// <returns>The new certificate, for the account's device list.</returns>
    /// <exception cref="ArgumentException">The account is another one, or the validity is not longer than zero.</exception>
    public DeviceCertificate Renew(Ed25519KeyPair account, TimeProvider time, TimeSpan? validity = null)
    {
        CheckAccount(account);
        ArgumentNullException.ThrowIfNull(time);
        DateTimeOffset now = time.GetUtcNow();
        return _certificate = DeviceCertificate.Issue(
            account,
            Address,
            IdentityKey.PublicKey,
            SigningKey.PublicKey,
            MlsKey.PublicKey,
            now,
            UnixTime.After(now, validity ?? IdentityLimits.CertificateValidity));
    }

    /// <summary>Takes a certificate that the account has renewed elsewhere, as its device list shows it. Store
    /// <see cref="Serialize"/> where it was taken.</summary>
    /// <param name="renewed">The certificate.</param>
    /// <returns>False, and nothing has changed, where it does not end later than the present one.</returns>
    /// <exception cref="E2EException">It is for another device, account or other keys (<see cref="E2EError.WrongIdentity"/>), or does
    /// not verify (<see cref="E2EError.InvalidSignature"/>).</exception>
    public bool TakeRenewed(DeviceCertificate renewed)
    {
        ArgumentNullException.ThrowIfNull(renewed);
        if (!renewed.IsSameDevice(_certificate))
        {
            throw new E2EException(E2EError.WrongIdentity);
        }

        renewed.VerifySignature();
        bool isLater = renewed.NotAfter > _certificate.NotAfter;
        if (isLater)
        {
            _certificate = renewed;
        }

        return isLater;
    }

    /// <summary>New keys for this device, where the old ones may have been stolen: the account signs its next device list with this
    /// certificate in the place of the old one, and nobody takes the old keys for the device any more. Sessions begin anew.</summary>
    /// <param name="account">The account's key pair. Not disposed and not kept.</param>
    /// <param name="time">The clock that the validity begins on.</param>
    /// <returns>The identity that takes the place of this one; the caller disposes both.</returns>
    /// <exception cref="ArgumentException">The account is another one.</exception>
    public DeviceIdentity Rekey(Ed25519KeyPair account, TimeProvider time)
    {
        CheckAccount(account);
        return Create(account, Address, time);
    }

    /// <summary>Serialises the identity with its private keys, for the app's encrypted store. The caller zeroes the bytes.</summary>
    public byte[] Serialize()
    {
        ReadOnlySpan<byte> certificate = Certificate.Encoded;
        byte[] state = new byte[1 + (3 * 32) + 2 + certificate.Length];
        var writer = new SpanWriter(state);
        writer.WriteByte(Version);
        IdentityKey.Write(ref writer);
        SigningKey.Write(ref writer);
        MlsKey.Write(ref writer);
        writer.WriteField16(certificate);
        writer.ExpectFull();
        return state;
    }

    /// <summary>Reads what <see cref="Serialize"/> wrote.</summary>
    /// <param name="state">The serialised identity.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), with a bad key (<see cref="E2EError.InvalidPublicKey"/>), the certificate
    /// is changed (<see cref="E2EError.InvalidSignature"/>) or for other keys (<see cref="E2EError.WrongIdentity"/>).</exception>
    public static DeviceIdentity Deserialize(ReadOnlySpan<byte> state)
    {
        var reader = new SpanReader(state);
        reader.ExpectVersion(Version);
        ReadOnlySpan<byte> identityPrivate = reader.ReadBytes(X25519KeyPair.PrivateKeySize);
        ReadOnlySpan<byte> signingPrivate = reader.ReadBytes(Ed25519KeyPair.PrivateKeySize);
        ReadOnlySpan<byte> mlsPrivate = reader.ReadBytes(Ed25519KeyPair.PrivateKeySize);
        DeviceCertificate certificate = DeviceCertificate.Decode(reader.ReadField16());
        reader.ExpectEnd();
        certificate.VerifySignature();
        var identity = new DeviceIdentity(
            X25519KeyPair.Import(identityPrivate),
            Ed25519KeyPair.Import(signingPrivate),
            Ed25519KeyPair.Import(mlsPrivate),
            certificate);
        if (!identity.HasKeysOf(certificate))
        {
            identity.Dispose();
            throw new E2EException(E2EError.WrongIdentity);
        }

        return identity;
    }

    /// <summary>Zeroes the private keys.</summary>
    public void Dispose()
    {
        IdentityKey.Dispose();
        SigningKey.Dispose();
        MlsKey.Dispose();
    }

    private void CheckAccount(Ed25519KeyPair account)
    {
        ArgumentNullException.ThrowIfNull(account);
        if (account.PublicKey != Certificate.AccountKey)
        {
            throw new ArgumentException("The account is not the one that this device belongs to.", nameof(account));
        }
    }

    private bool HasKeysOf(DeviceCertificate certificate) =>
        IdentityKey.PublicKey == certificate.IdentityKey
        && SigningKey.PublicKey == certificate.SigningKey
        && MlsKey.PublicKey == certificate.MlsKey;
}
