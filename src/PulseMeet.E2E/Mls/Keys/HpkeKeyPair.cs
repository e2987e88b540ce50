namespace PulseMeet.E2E.Mls;

/// <summary>An HPKE key pair of a node, a leaf, a key package's init key, or the group's external key.</summary>
internal sealed class HpkeKeyPair(MlsSecret privateKey, byte[] publicKey) : IDisposable
{
    public MlsSecret PrivateKey { get; } = privateKey;

    public byte[] PublicKey { get; } = publicKey;

    public void Dispose() => PrivateKey.Dispose();
}
