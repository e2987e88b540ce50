using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>The devices that belong to an account now, in the account's own word: a device that is not on the newest list seen gets
/// nothing and is believed nothing.</summary>
/// <remarks>Its number only rises, so that an older list shown again is noticed; it is signed anew every 7 days, so that one that is
/// frozen is noticed. The account key's Ed25519 signature; docs/protocol.md, "Device list". Immutable and thread-safe.</remarks>
public sealed class DeviceList : IEquatable<DeviceList>
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxEncodedSize = 1 + 2 + DeviceAddress.MaxIdSize + Ed25519PublicKey.KeySize + 8 + 8 + 1
        + (IdentityLimits.MaxDevices * (2 + DeviceCertificate.MaxEncodedSize)) + Ed25519KeyPair.SignatureSize;

    private readonly byte[] _encoded;
    private readonly byte[] _hash;

    internal DeviceList(
        byte[] encoded,
        string userId,
        Ed25519PublicKey accountKey,
        long number,
        DateTimeOffset signedAt,
        IReadOnlyList<DeviceCertificate> devices)
    {
        _encoded = encoded;
        _hash = Sha256.Hash(encoded);
        UserId = userId;
        AccountKey = accountKey;
        Number = number;
        SignedAt = signedAt;
        Devices = devices;
    }

    /// <summary>The user.</summary>
    public string UserId { get; }

    /// <summary>The account key that signed: what contacts verify and remember.</summary>
    public Ed25519PublicKey AccountKey { get; }

    /// <summary>The list's number, from 1: the greater of the previous one plus one and the Unix seconds.</summary>
    public long Number { get; }

    /// <summary>When the account signed, in whole seconds.</summary>
    public DateTimeOffset SignedAt { get; }

    /// <summary>The certificates of the devices, by ascending device id (compared as UTF-8 bytes): 1 to 64.</summary>
    public IReadOnlyList<DeviceCertificate> Devices { get; }

    /// <summary>SHA-256 of the encoding, 32 bytes: with the number, what sealed content says about a list.</summary>
    public ReadOnlySpan<byte> Hash => _hash;

    /// <summary>Signs the devices of an account.</summary>
    /// <param name="account">The account's key pair. Not disposed and not kept.</param>
    /// <param name="devices">The certificates of all devices that belong to it now, in any order: 1 to 64, of one user.</param>
    /// <param name="previous">The newest list that there is, also one under an account key that was given up; null where there
    /// never was one.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">No device or more than 64, one twice, or one of another user or account; or the
    /// previous list is another user's.</exception>
    /// <exception cref="E2EException">A certificate's signature does not verify (<see cref="E2EError.InvalidSignature"/>), or
    /// the previous number is the last one (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static DeviceList Sign(
        Ed25519KeyPair account, IEnumerable<DeviceCertificate> devices, DeviceList? previous, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentNullException.ThrowIfNull(time);
        return DeviceListCodec.Sign(account, [.. devices], previous, time.GetUtcNow());
    }

    /// <summary>Reads a list that came from outside. No signature is verified yet: see <see cref="Verify"/>.</summary>
    /// <param name="encoded">What <see cref="Encode"/> gave, and nothing behind it.</param>
    /// <exception cref="E2EException">Malformed or not in order (<see cref="E2EError.InvalidEncoding"/>), another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), more than 64 devices (<see cref="E2EError.LimitExceeded"/>), with a bad key
    /// (<see cref="E2EError.InvalidPublicKey"/>), or with a device of another user or account
    /// (<see cref="E2EError.WrongIdentity"/>).</exception>
    public static DeviceList Decode(ReadOnlySpan<byte> encoded) => DeviceListCodec.Read(encoded);

    /// <summary>The encoding, for publishing and storing.</summary>
    public byte[] Encode() => [.. _encoded];

    /// <summary>Checks that the list is the contact's, all signatures, and that it is not from the future.</summary>
    /// <param name="userId">The user that was asked for.</param>
    /// <param name="accountKey">The account key that was remembered or verified for the user.</param>
    /// <param name="now">The current time.</param>
    /// <exception cref="E2EException">Another user's (<see cref="E2EError.WrongIdentity"/>), under another account key
    /// (<see cref="E2EError.AccountKeyChanged"/>), a signature does not verify (<see cref="E2EError.InvalidSignature"/>), or it
    /// was signed more than 5 minutes ahead of <paramref name="now"/> (<see cref="E2EError.Expired"/>).</exception>
    public void Verify(string userId, Ed25519PublicKey accountKey, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(userId);
        ArgumentNullException.ThrowIfNull(accountKey);
        CheckUser(userId);
        if (accountKey != AccountKey)
        {
            throw new E2EException(E2EError.AccountKeyChanged, "The device list.");
        }

        VerifySignatures(now);
    }

    /// <summary>As <see cref="Verify"/>, for a user whose account key is not known yet: whatever key signed is taken, and
    /// remembered by the caller.</summary>
    /// <param name="userId">The user that was asked for.</param>
    /// <param name="now">The current time.</param>
    /// <exception cref="E2EException">As for <see cref="Verify"/>, but for the account key.</exception>
    public void VerifyFirstContact(string userId, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(userId);
        CheckUser(userId);
        VerifySignatures(now);
    }

    /// <summary>Refuses a list that is older than one that was seen, or another one with the same number.</summary>
    /// <param name="number">The number of the newest list seen.</param>
    /// <param name="hash">Its hash, 32 bytes.</param>
    /// <exception cref="E2EException">This list is not as new (<see cref="E2EError.OutdatedDeviceList"/>).</exception>
    public void CheckNotOlderThan(long number, ReadOnlySpan<byte> hash)
    {
        Argument.HasLength(hash, Sha256.Size);
        if (Number < number || (Number == number && !PublicBytes.Equal(hash, _hash)))
        {
            throw new E2EException(E2EError.OutdatedDeviceList);
        }
    }

    /// <summary>The certificate of a listed device; null for one that is not listed.</summary>
    /// <param name="deviceId">The device.</param>
    public DeviceCertificate? Find(string deviceId) =>
        Devices.FirstOrDefault(device => device.Address.DeviceId == deviceId);

    /// <summary>Refuses a device that is not on the list with these keys. The validity is no part of it: a certificate that has
    /// been renewed since is still the device's.</summary>
    /// <param name="certificate">What the device presents.</param>
    /// <exception cref="E2EException">It is not listed (<see cref="E2EError.UnlistedDevice"/>).</exception>
    public void CheckListed(DeviceCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (Find(certificate.Address.DeviceId) is not { } listed || !listed.IsSameDevice(certificate))
        {
            throw new E2EException(E2EError.UnlistedDevice);
        }
    }

    /// <summary>Whether the account should sign the list anew: it is 7 days old, or from a clock that was ahead.</summary>
    /// <param name="now">The current time.</param>
    public bool IsRenewalDue(DateTimeOffset now) =>
        now - SignedAt >= IdentityLimits.DeviceListRenewal || SignedAt - now > IdentityLimits.ClockTolerance;

    /// <summary>Whether the list is more than 30 days old: somebody may be keeping a newer one back.</summary>
    /// <param name="now">The current time.</param>
    public bool IsStale(DateTimeOffset now) => now - SignedAt > IdentityLimits.DeviceListStaleness;

    /// <inheritdoc/>
    public bool Equals(DeviceList? other) => other is not null && PublicBytes.Equal(_encoded, other._encoded);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DeviceList);

    /// <inheritdoc/>
    public override int GetHashCode() => PublicBytes.Hash(_hash);

    private void CheckUser(string userId)
    {
        if (userId != UserId)
        {
            throw new E2EException(E2EError.WrongIdentity, "The device list.");
        }
    }

    private void VerifySignatures(DateTimeOffset now)
    {
        // First, so that nobody but the account gives a list a time.
        DeviceListCodec.VerifySignatures(this, _encoded);
        if (SignedAt - now > IdentityLimits.ClockTolerance)
        {
            throw new E2EException(E2EError.Expired, "The device list is from the future.");
        }
    }
}
