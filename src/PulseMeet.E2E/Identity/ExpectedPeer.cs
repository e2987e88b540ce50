using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>Who a session has to be with: the device that the app asked for, and the account key that it remembers.</summary>
public sealed record ExpectedPeer
{
    /// <param name="address">The user and the device.</param>
    /// <param name="accountKey">The account key that the app has remembered or verified for the user.</param>
    public ExpectedPeer(DeviceAddress address, Ed25519PublicKey accountKey)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(accountKey);
        Address = address;
        AccountKey = accountKey;
    }

    private ExpectedPeer(DeviceAddress address) => Address = address;

    /// <summary>The user and the device.</summary>
    public DeviceAddress Address { get; }

    /// <summary>The account key that the peer has to have; null at first contact.</summary>
    public Ed25519PublicKey? AccountKey { get; }

    /// <summary>A device of a user whose account key is not known yet: the one that it has is taken, and the app remembers it from
    /// the session, shows that it is new, and lets people compare it.</summary>
    /// <param name="address">The user and the device.</param>
    public static ExpectedPeer FirstContact(DeviceAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return new(address);
    }

    /// <exception cref="E2EException">The certificate is another device's (<see cref="E2EError.WrongIdentity"/>), or under another
    /// account key (<see cref="E2EError.AccountKeyChanged"/>).</exception>
    internal void Check(DeviceCertificate certificate) => Check(certificate.Encoded);

    /// <summary>The same on an encoded certificate, before any work on its keys; gives the bytes of its account key.</summary>
    /// <exception cref="E2EException">As above, or malformed (<see cref="E2EError.InvalidEncoding"/>,
    /// <see cref="E2EError.UnsupportedVersion"/>).</exception>
    internal ReadOnlySpan<byte> Check(ReadOnlySpan<byte> certificate)
    {
        ReadOnlySpan<byte> accountKey = DeviceCertificate.ReadSubject(certificate, out string userId, out string deviceId);
        if (userId != Address.UserId || deviceId != Address.DeviceId)
        {
            throw new E2EException(E2EError.WrongIdentity);
        }

        if (AccountKey is not null && !PublicBytes.Equal(AccountKey.Span, accountKey))
        {
            throw new E2EException(E2EError.AccountKeyChanged);
        }

        return accountKey;
    }
}
