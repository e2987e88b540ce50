using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Identity;

/// <summary>A request for the account's private key as the device that holds it sees it: the user is asked, and then a copy is sealed.
/// </summary>
/// <remarks>Whoever gets the key can certify and remove devices; so can this device, still. Immutable and thread-safe.</remarks>
public sealed class LinkKeyHandover
{
    private readonly byte[] _request;
    private readonly X25519PublicKey _answerKey;
    private readonly Ed25519PublicKey _accountKey;

    private LinkKeyHandover(byte[] request, DeviceAddress address, X25519PublicKey answerKey, Ed25519PublicKey accountKey)
    {
        _request = request;
        _answerKey = answerKey;
        _accountKey = accountKey;
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

        return new(request.ToArray(), address, answerKey, devices.AccountKey);
    }

    /// <summary>Seals a copy of the account's private key to the request.</summary>
    /// <param name="account">The account's key pair. Not disposed and not kept.</param>
    /// <param name="answered">The requests that this device has answered; this one is added.</param>
    /// <param name="now">The current time.</param>
    /// <exception cref="ArgumentException">The key is another account's.</exception>
    /// <exception cref="E2EException">The request was answered meanwhile (<see cref="E2EError.LinkRefused"/>).</exception>
    public byte[] Seal(Ed25519KeyPair account, LinkLog answered, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(answered);
        if (account.PublicKey != _accountKey)
        {
            throw new ArgumentException("The key is another account's.", nameof(account));
        }

        byte[] answer = LinkKeyPayload.SealAnswer(_request, _answerKey, account);
        answered.Add(LinkKeyPayload.IdOf(_request), now);
        return answer;
    }
}
