using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>This device as it is in groups: its certificate as credential, its MLS key, and the list of its account that it names.</summary>
/// <remarks>Owns a copy of the MLS key. Thread-safe until disposed.</remarks>
internal sealed class GroupDevice : IDisposable
{
    /// <summary>How long a key package may be used, from an hour before it was made: a clock that is behind takes it too.</summary>
    private static readonly TimeSpan s_lifetime = TimeSpan.FromDays(60);

    private readonly MlsSignatureKey _key;

    /// <param name="identity">The device. Not disposed and not kept.</param>
    /// <param name="list">The newest list of its own account.</param>
    /// <exception cref="E2EException">The device is not on the list (<see cref="E2EError.UnlistedDevice"/>).</exception>
    public GroupDevice(DeviceIdentity identity, DeviceList list)
    {
        list.CheckListed(identity.Certificate);
        List = KnownList.Verify(list.Encode());
        using (SecretScope key = identity.MlsKey.Use())
        {
            _key = MlsSignatureKey.Import(key.Span);
        }

        // As the list has it: members know that one already.
        DeviceCertificate listed = list.Find(identity.Address.DeviceId)!;
        Address = listed.Address;
        Client = new MlsClient(
            new Credential(CredentialType.DeviceCertificate, listed.Encode()),
            _key,
            [GroupNumbers.DeviceListExtension, GroupNumbers.PulseExtension],
            [GroupNumbers.DeviceListProposal, GroupNumbers.LeaveProposal],
            leafExtensions: [DeviceListName.Of(list).ToExtension()]);
    }

    public DeviceAddress Address { get; }

    public KnownList List { get; }

    public MlsClient Client { get; }

    /// <summary>A key package, by which others add this device while it is away.</summary>
    public KeyPackageKeys CreateKeyPackage(MlsSuite suite, TimeProvider time, bool isLastResort = false) => KeyPackageKeys.Create(
        suite, Client, Lifetime.From(time.GetUtcNow() - TimeSpan.FromHours(1), s_lifetime), isLastResort);

    public void Dispose() => _key.Dispose();
}
