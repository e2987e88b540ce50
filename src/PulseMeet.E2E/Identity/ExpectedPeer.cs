using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Identity;

/// <summary>Who a session has to be with: the device that the app asked for, and the account key that it remembers.</summary>
/// <param name="Address">The user and the device.</param>
/// <param name="AccountKey">The account key that the app has remembered or verified; null to trust the first one seen,
/// which the app then remembers from the session.</param>
public sealed record ExpectedPeer(DeviceAddress Address, Ed25519PublicKey? AccountKey = null)
{
    /// <exception cref="E2EException">The certificate is another one's (<see cref="E2EError.WrongIdentity"/>).</exception>
    internal void Check(DeviceCertificate certificate)
    {
        if (certificate.Address != Address || (AccountKey is not null && certificate.AccountKey != AccountKey))
        {
            throw new E2EException(E2EError.WrongIdentity);
        }
    }
}
