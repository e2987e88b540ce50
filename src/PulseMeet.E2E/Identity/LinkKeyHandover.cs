using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Identity;

/// <summary>A request for the account's private key as the device that holds it sees it: the user is asked, and then a copy is sealed.
/// </summary>
/// <remarks>Whoever gets the key can certify and remove devices; so can this device, still. Immutable and thread-safe.</remarks>
public sealed class LinkKeyHandover
{
    private readonly byte[] _request;
    private readonly X25519PublicKey _answerKey;

    private LinkKeyHandover(byte[] request, DeviceAddress address, X25519PublicKey answerKey)
    {
        _request = request;
        _answerKey = answerKey;
        Address = address;
    }

    /// <summary>The device that asks: what the user is shown.</summary>
    public DeviceAddress Address { get; }

    /// <summary>Reads a request.</summary>
    /// <param name="request">What <see cref="LinkKeyRequest.ToArray"/> gave on the other device.</param>
    /// <param name="devices">The account's newest list.</param>
    /// <param name="answered">The requests that this device has answered.</param>
    /// <param name="now">The current time.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>, <see cref="E2EError.InvalidPublicKey"/>), another
    /// version (<see cref="E2EError.UnsupportedVersion"/>), another user's (<see cref="E2EError.WrongIdentity"/>), from a device that is
    /// not listed (<see cref="E2EError.UnlistedDevice"/>) or has not signed it (<see cref="E2EError.InvalidSignature"/>), too old, from
    /// the future, or answered before (<see cref="E2EError.LinkRefused"/>).</exception>
    public static LinkKeyHandover Read(ReadOnlySpan<byte> request, DeviceList devices, LinkLog answered, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentNullException.ThrowIfNull(answered);
        (DeviceAddress address, X25519PublicKey answerKey, DateTimeOffset createdAt) = LinkKeyPayload.Read(request, devices);
        LinkLifetime.Check(createdAt, now);
        if (answered.Has(LinkKeyPayload.IdOf(request)))
        {
            throw new E2EException(E2EError.LinkRefused, "The request was answered before.");
        }

        return new(request.ToArray(), address, answerKey);
    }

    /// <summary>Seals a copy of the account's private key to the request.</summary>
    /// <param name="account">The account's key pair. Not disposed and not kept.</param>
    /// <param name="devices">The account's newest list: a device that was removed while the user was asked gets nothing.</param>
    /// <param name="answered">The requests that this device has answered; this one is added.</param>
    /// <param name="now">The current time.</param>
    /// <exception cref="ArgumentException">The list is another account's.</exception>
    /// <exception cref="E2EException">As for <see cref="Read"/>: the request has become too old, was answered, or its device was
    /// removed meanwhile.</exception>
    public byte[] Seal(Ed25519KeyPair account, DeviceList devices, LinkLog answered, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentNullException.ThrowIfNull(answered);
        if (account.PublicKey != devices.AccountKey)
        {
            throw new ArgumentException("The list is another account's.", nameof(devices));
        }

        // The user took their time: what was right when the request was read has to be right now.
        _ = Read(_request, devices, answered, now);
        byte[] answer = LinkKeyPayload.SealAnswer(_request, _answerKey, account);
        answered.Add(LinkKeyPayload.IdOf(_request), now);
        return answer;
    }
}
