using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <content>How a further device comes to the account.</content>
public sealed partial class E2EClient
{
    /// <summary>Makes the keys of a new device of an account, and a request to be shown to the device that holds the account's
    /// key.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The request: its <see cref="LinkRequest.Payload"/> is shown as a QR code, or carried over as text. The caller disposes
    /// it. It is good for ten minutes; one that was lost, with its process, is made anew.</returns>
    /// <exception cref="InvalidOperationException">This device belongs to an account already.</exception>
    public async Task<LinkRequest> RequestLinkAsync(CancellationToken cancellationToken = default)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.Account.CheckNotPublishedAsync(cancellationToken).ConfigureAwait(false);
        return LinkRequest.Create(engine.Core.Address, _time);
    }

    /// <summary>Lets a device into the account, after the user was asked. No private key travels.</summary>
    /// <param name="payload">What the new device shows.</param>
    /// <param name="cancellationToken">Stops waiting. Once it was decided, the next upkeep goes on with it.</param>
    /// <exception cref="E2EException">Another device holds the account's key (<see cref="E2EError.NotAllowed"/>); the payload is
    /// malformed (<see cref="E2EError.InvalidEncoding"/>, <see cref="E2EError.UnsupportedVersion"/>,
    /// <see cref="E2EError.InvalidPublicKey"/>, <see cref="E2EError.InvalidSignature"/>), another user's
    /// (<see cref="E2EError.WrongIdentity"/>), too old, answered before or of a device id that is taken
    /// (<see cref="E2EError.LinkRefused"/>); or the relay cannot be reached.</exception>
    public async Task ApproveLinkAsync(string payload, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(payload);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        _ = engine.Core.Identity;
        await engine.Linking.ApproveAsync(payload, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for the answer to this device's request, and publishes its keys. A call that was interrupted is repeated.</summary>
    /// <param name="request">The request of <see cref="RequestLinkAsync"/>. Not disposed.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">No answer came in ten minutes (<see cref="E2EError.LinkRefused"/>), what came is none
    /// (as for <see cref="LinkRequest.Complete"/>), or the relay cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">This device belongs to an account already.</exception>
    /// <exception cref="ObjectDisposedException">The request was disposed.</exception>
    public async Task CompleteLinkAsync(LinkRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.ThrowIfDisposed();
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.Linking.CompleteAsync(request, cancellationToken).ConfigureAwait(false);
        engine.Core.Outgoing.Wake();
    }

    /// <summary>Asks for the account's private key: an operation of its own, which linking is not. With the key this device, too, lets devices in and
    /// removes them, renews certificates, and replaces the recovery key.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The request: its <see cref="LinkKeyRequest.ToArray"/> goes to the device that holds the key, in whichever way; it is no secret. The
    /// caller disposes it. It is good for ten minutes.</returns>
    /// <exception cref="InvalidOperationException">This device holds the key.</exception>
    public async Task<LinkKeyRequest> RequestAccountKeyAsync(CancellationToken cancellationToken = default)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await engine.KeyHandover.RequestAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives another device of the account a copy of the account's private key, after the user was asked. This device keeps it, too; no removal
    /// takes it back from either, only <see cref="ResetAccountAsync"/> makes it worthless.</summary>
    /// <param name="deviceId">Which device the user has named.</param>
    /// <param name="request">What that device's <see cref="LinkKeyRequest.ToArray"/> gave.</param>
    /// <param name="cancellationToken">Stops waiting. Once it was sealed, the next upkeep goes on with it.</param>
    /// <exception cref="ArgumentException">The device id is not 1 to 64 bytes.</exception>
    /// <exception cref="E2EException">Another device holds the account's key (<see cref="E2EError.NotAllowed"/>); the request is another user's or
    /// another device's (<see cref="E2EError.WrongIdentity"/>), of a device that is not listed (<see cref="E2EError.UnlistedDevice"/>) or has not signed it
    /// (<see cref="E2EError.InvalidSignature"/>), malformed (<see cref="E2EError.InvalidEncoding"/>, <see cref="E2EError.UnsupportedVersion"/>,
    /// <see cref="E2EError.InvalidPublicKey"/>), too old or answered before (<see cref="E2EError.LinkRefused"/>); or the relay cannot be reached.</exception>
    public async Task HandOverAccountKeyAsync(string deviceId, ReadOnlyMemory<byte> request, CancellationToken cancellationToken = default)
    {
        Argument.IsText(deviceId, DeviceAddress.MaxIdSize);
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        _ = engine.Core.Identity;
        await engine.KeyHandover.HandOverAsync(deviceId, request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for the answer to this device's request, and keeps the key. A call that was interrupted is repeated; reading goes on meanwhile.</summary>
    /// <param name="request">The request of <see cref="RequestAccountKeyAsync"/>. Not disposed.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">No answer came in ten minutes (<see cref="E2EError.LinkRefused"/>), what came is none (as for
    /// <see cref="LinkKeyRequest.Complete"/>), or the relay cannot be reached.</exception>
    /// <exception cref="ObjectDisposedException">The request was disposed.</exception>
    public async Task TakeAccountKeyAsync(LinkKeyRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.ThrowIfDisposed();
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await engine.KeyHandover.TakeAsync(request, cancellationToken).ConfigureAwait(false);
    }
}
