using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace PulseMeet.E2E.Primitives;

/// <summary>HMAC and HKDF by BouncyCastle.</summary>
internal sealed class ManagedHmac : IHmacBackend
{
    public static ManagedHmac Instance { get; } = new();

    public void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac)
    {
        var hmac = new HMac(new Sha256Digest());
        hmac.Init(new KeyParameter(key));
        hmac.BlockUpdate(data);
        hmac.DoFinal(mac);
    }

    public IKeyedHmac Keyed(ReadOnlySpan<byte> key) => new HeldKeyHmac(this, key);

    public void Extract(ReadOnlySpan<byte> ikm, ReadOnlySpan<byte> salt, Span<byte> prk) =>
        Mac(salt, ikm, prk);

    public void Expand(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        if (okm.IsEmpty)
        {
            return;
        }

        var hkdf = new HkdfBytesGenerator(new Sha256Digest());
        hkdf.Init(HkdfParameters.SkipExtractParameters(prk.ToArray(), info.ToArray()));
        hkdf.GenerateBytes(okm);
    }
}
