using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Identity;

/// <summary>A linking request as the approving device sees it, which alone holds the account key: the user is asked, and then it certifies
/// the device and signs the new list.</summary>
/// <remarks>docs/protocol-linking.md. Immutable and thread-safe.</remarks>
public sealed class LinkApproval
{
    private readonly LinkPayload _payload;

    private LinkApproval(LinkPayload payload) => _payload = payload;

    /// <summary>The device that wants to belong to the account: what the user is shown.</summary>
    public DeviceAddress Address => _payload.Address;

    /// <summary>When the new device made its request, by its own clock.</summary>
    public DateTimeOffset CreatedAt => _payload.CreatedAt;

    /// <summary>Reads what the new device shows.</summary>
    /// <param name="payload">The scanned or pasted text, <see cref="LinkRequest.Payload"/>.</param>
    /// <param name="userId">One's own user id.</param>
    /// <param name="answered">The requests that this device has answered.</param>
    /// <param name="now">The current time.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), with a bad key (<see cref="E2EError.InvalidPublicKey"/>) or signature
    /// (<see cref="E2EError.InvalidSignature"/>), another user's (<see cref="E2EError.WrongIdentity"/>), too old, from the future, or
    /// answered before (<see cref="E2EError.LinkRefused"/>).</exception>
    public static LinkApproval Read(ReadOnlySpan<char> payload, string userId, LinkLog answered, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(userId);
        ArgumentNullException.ThrowIfNull(answered);
        LinkPayload request = LinkPayload.Parse(payload);
        if (request.Address.UserId != userId)
        {
            throw new E2EException(E2EError.WrongIdentity, "The linking request is another user's.");
        }

        LinkLifetime.Check(request.CreatedAt, now);
        if (answered.Has(request.Id))
        {
            throw new E2EException(E2EError.LinkRefused, "The request was answered before.");
        }

        return new(request);
    }

    /// <summary>Certifies the device and signs the list with it.</summary>
    /// <param name="account">The account's key pair. Not disposed and not kept.</param>
    /// <param name="devices">The account's newest list.</param>
    /// <param name="answered">The requests that this device has answered; this one is added.</param>
    /// <param name="time">The clock.</param>
    /// <param name="validity">How long the certificate is valid; <see cref="IdentityLimits.CertificateValidity"/> where null.</param>
    /// <exception cref="ArgumentException">The list is another account's.</exception>
    /// <exception cref="E2EException">The request has become too old or was answered (<see cref="E2EError.LinkRefused"/>), the account
    /// has a device of that id (<see cref="E2EError.LinkRefused"/>: nobody takes a listed device's place), or has 64 devices
    /// (<see cref="E2EError.LimitExceeded"/>).</exception>
    public LinkAnswer Approve(
        Ed25519KeyPair account, DeviceList devices, LinkLog answered, TimeProvider time, TimeSpan? validity = null)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentNullException.ThrowIfNull(answered);
        ArgumentNullException.ThrowIfNull(time);
        if (devices.UserId != Address.UserId || devices.AccountKey != account.PublicKey)
        {
            throw new ArgumentException("The list is another account's.", nameof(devices));
        }

        DateTimeOffset now = time.GetUtcNow();
        LinkLifetime.Check(CreatedAt, now);
        if (devices.Find(Address.DeviceId) is not null)
        {
            throw new E2EException(E2EError.LinkRefused, "The account has a device of that id.");
        }

        if (devices.Devices.Count >= IdentityLimits.MaxDevices)
        {
            throw new E2EException(E2EError.LimitExceeded, "The account has as many devices as it may have.");
        }

        DeviceCertificate certificate = DeviceCertificate.Issue(
            account,
            Address,
            _payload.IdentityKey,
            _payload.SigningKey,
            _payload.MlsKey,
            now,
            UnixTime.After(now, validity ?? IdentityLimits.CertificateValidity));
        DeviceList list = DeviceList.Sign(account, [.. devices.Devices, certificate], devices, time);
        answered.Add(_payload.Id, now);
        return new(_payload.Id.ToArray(), LinkAnswerSeal.Seal(_payload, certificate, list), certificate, list);
    }
}
