using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A device out of the inputs of a vector: NAME_account_private, NAME_identity_private, NAME_signing_private,
/// NAME_mls_private, NAME_user_id, NAME_device_id, and the vector's not_before and not_after.</summary>
internal static class FixedDevice
{
    public static DeviceIdentity Read(JsonObject vector, string name)
    {
        using Ed25519KeyPair account = Ed25519KeyPair.Import(Bytes(vector, name + "_account_private"));
        byte[] identityPrivate = Bytes(vector, name + "_identity_private");
        byte[] signingPrivate = Bytes(vector, name + "_signing_private");
        byte[] mlsPrivate = Bytes(vector, name + "_mls_private");
        using X25519KeyPair identity = X25519KeyPair.Import(identityPrivate);
        using Ed25519KeyPair signing = Ed25519KeyPair.Import(signingPrivate);
        using Ed25519KeyPair mls = Ed25519KeyPair.Import(mlsPrivate);
        DeviceCertificate certificate = DeviceCertificate.Issue(
            account,
            new DeviceAddress(Text(vector, name + "_user_id"), Text(vector, name + "_device_id")),
            identity.PublicKey,
            signing.PublicKey,
            mls.PublicKey,
            DateTimeOffset.FromUnixTimeSeconds(Number(vector, "not_before")),
            DateTimeOffset.FromUnixTimeSeconds(Number(vector, "not_after")));
        byte[] encoded = certificate.Encode();
        return DeviceIdentity.Deserialize(
            [2, .. identityPrivate, .. signingPrivate, .. mlsPrivate, (byte)(encoded.Length >> 8), (byte)encoded.Length, .. encoded]);
    }
}
