using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The server's list of devices and their prekeys. It is not trusted: everything it hands out is verified.</summary>
/// <remarks>Implementations are thread-safe and may be shared by many processes.</remarks>
public interface IKeyDirectory
{
    /// <summary>Publishes a device, or renews its prekeys: a signed pair with a greater id replaces the earlier one and drops its
    /// one-time pairs, new one-time pairs of its generation are added. Those whose id is not above every earlier one of the device are
    /// passed over, so that publishing again after a lost answer hands no pair out twice.</summary>
    /// <param name="publication">What the device publishes.</param>
    /// <param name="cancellationToken">Stops waiting; the publication is then stored whole or not at all.</param>
    /// <exception cref="E2EException">A signature does not verify (<see cref="E2EError.InvalidSignature"/>), the certificate
    /// is outside its validity (<see cref="E2EError.Expired"/>), the device is registered under another account key
    /// (<see cref="E2EError.WrongIdentity"/>), or there are too many one-time pairs
    /// (<see cref="E2EError.LimitExceeded"/>).</exception>
    Task PublishAsync(PreKeyPublication publication, CancellationToken cancellationToken = default);

    /// <summary>The certificates of a user's devices; empty for a user that is not known.</summary>
    /// <param name="userId">The user: 1 to 64 bytes in UTF-8.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<DeviceCertificate>> FetchDevicesAsync(string userId, CancellationToken cancellationToken = default);

    /// <summary>Hands out a bundle with a one-time pair that nobody else is given; without one when they have run out.</summary>
    /// <param name="device">The user and the device.</param>
    /// <param name="cancellationToken">Stops waiting; a claimed pair may then be lost, never handed out twice.</param>
    /// <exception cref="E2EException">The device is not known (<see cref="E2EError.UnknownDevice"/>).</exception>
    Task<PreKeyBundle> ClaimBundleAsync(DeviceAddress device, CancellationToken cancellationToken = default);

    /// <summary>What there is of a device: what tells it to publish.</summary>
    /// <param name="device">The user and the device.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">The device is not known (<see cref="E2EError.UnknownDevice"/>).</exception>
    Task<DirectoryState> GetStateAsync(DeviceAddress device, CancellationToken cancellationToken = default);
}
