using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>SHA-256 (FIPS 180-4) over bytes that come piece by piece. Not thread-safe.</summary>
internal sealed class IncrementalSha256 : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Append(ReadOnlySpan<byte> data) => _hash.AppendData(data);

    /// <summary>The digest of what was appended so far; more may follow.</summary>
    public byte[] Current() => _hash.GetCurrentHash();

    /// <summary>The digest of what was appended, which is forgotten.</summary>
    /// <param name="digest">32 bytes.</param>
    public void Finish(Span<byte> digest)
    {
        Argument.HasLength(digest, Sha256.Size);
        _hash.GetHashAndReset(digest);
    }

    public void Dispose() => _hash.Dispose();
}
