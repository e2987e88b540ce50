using System.Runtime.CompilerServices;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Groups;

/// <summary>What a leaf says about its device, read without any work on keys: those were checked when it came into the tree.</summary>
/// <remarks>Immutable. Kept beside the leaf, which is read once however many epochs it stands in.</remarks>
internal sealed class PulseLeaf
{
    private static readonly ConditionalWeakTable<LeafNode, PulseLeaf> s_read = [];

    private readonly byte[] _certificate;

    private PulseLeaf(LeafNode leaf)
    {
        if (leaf.Credential.Type != CredentialType.DeviceCertificate)
        {
            throw new E2EException(E2EError.GroupLeafRefused, "Its credential is no device certificate.");
        }

        _certificate = leaf.Credential.Content;
        AccountKey = DeviceCertificate.ReadSubject(_certificate, out string userId, out string deviceId).ToArray();
        Address = new DeviceAddress(userId, deviceId);
        List = DeviceListName.Of(leaf);
        using var client = new MlsWriter();
        client.WriteVector(Encoding.StrictUtf8.Instance.GetBytes(userId));
        client.WriteVector(Encoding.StrictUtf8.Instance.GetBytes(deviceId));
        Client = client.ToArray();
    }

    public DeviceAddress Address { get; }

    /// <summary>The key that signed the certificate, 32 bytes.</summary>
    public byte[] AccountKey { get; }

    /// <summary>The list that the leaf names.</summary>
    public DeviceListName List { get; }

    /// <summary>The device's address as bytes: equal ones are the same device.</summary>
    public byte[] Client { get; }

    /// <summary>The certificate as it is in the credential.</summary>
    public ReadOnlySpan<byte> Certificate => _certificate;

    /// <summary>The certificate without what changes when it is renewed.</summary>
    public ReadOnlySpan<byte> Identity => DeviceCertificate.IdentityOf(_certificate);

    /// <exception cref="E2EException"><see cref="E2EError.GroupLeafRefused"/>.</exception>
    public static PulseLeaf Of(LeafNode leaf)
    {
        if (s_read.TryGetValue(leaf, out PulseLeaf? known))
        {
            return known;
        }

        try
        {
            return s_read.GetValue(leaf, static leaf => new PulseLeaf(leaf));
        }
        catch (E2EException exception) when (exception.Reason != E2EError.GroupLeafRefused)
        {
            throw new E2EException(E2EError.GroupLeafRefused, "Its device certificate is malformed.", exception);
        }
    }
}
