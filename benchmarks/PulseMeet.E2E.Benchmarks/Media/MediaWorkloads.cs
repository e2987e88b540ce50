using System.Security.Cryptography;
using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Benchmarks.Primitives;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Benchmarks.Media;

/// <summary>Sealing and opening a file that is in memory, and the bare AES-GCM and SHA-256 over as many bytes.</summary>
internal sealed class MediaWorkloads(int length)
{
    private readonly MediaKey _key = MediaKey.Generate();
    private readonly MediaDescription _description = new("3f1c7a52-54d2-4a32-9d1a-3d0f6c1f9b7e", MediaKind.File);
    private readonly byte[] _content = RawPrimitives.Bytes(length);
    private readonly byte[] _sealed = new byte[MediaSealer.GetSealedLength(length)];

    public Workload Seal => new(() => MediaSealer.Seal(_content, _sealed, _key, _description).Dispose());

    public Workload Open
    {
        get
        {
            MediaReference reference = MediaSealer.Seal(_content, _sealed, _key, _description);
            return new(() => MediaOpener.Open(reference, _sealed, _content));
        }
    }

    /// <summary>Without a digest, and then the flat digest that files had before.</summary>
    public Workload SealFlat
    {
        get
        {
            MediaSealingOptions options = MediaSealingOptions.Default with { WithDigest = false };
            byte[] sealedFile = new byte[MediaSealer.GetSealedLength(length, options)];
            byte[] digest = new byte[Sha256.Size];
            return new(() =>
            {
                MediaSealer.Seal(_content, sealedFile, _key, _description, options).Dispose();
                Sha256.Hash(sealedFile, digest);
            });
        }
    }

    /// <summary>By two threads, which also hash.</summary>
    public Workload SealByTwo
    {
        get
        {
            MediaSealingOptions options = MediaSealingOptions.Default with { Workers = 2 };
            return new(() => MediaSealer.SealMemory(_content, _sealed, _key, _description, options).Dispose());
        }
    }

    /// <summary>AES-GCM alone, in pieces of 1 MiB.</summary>
    public Workload BareAesGcm
    {
        get
        {
            const int Piece = 1024 * 1024;
            var aes = new AesGcm(RawPrimitives.Bytes(AesGcm256.KeySize), AesGcm256.TagSize);
            byte[] nonce = new byte[AesGcm256.NonceSize];
            byte[] tag = new byte[AesGcm256.TagSize];
            return new(() =>
            {
                for (int done = 0; done < length; done += Piece)
                {
                    aes.Encrypt(nonce, _content.AsSpan(done, Piece), _sealed.AsSpan(done, Piece), tag);
                }
            });
        }
    }

    /// <summary>AES-GCM over each segment, and the digest over all.</summary>
    public Workload Bare
    {
        get
        {
            int segment = Math.Min(length, MediaSealingOptions.DefaultSegmentLength);
            byte[] plaintext = new byte[segment];
            byte[] sealedSegment = new byte[segment + AesGcm256.TagSize];
            byte[] digest = new byte[Sha256.Size];
            return new(() =>
            {
                for (int done = 0; done < length; done += segment)
                {
                    RawPrimitives.SealAesGcm(plaintext, [], sealedSegment);
                }

                Sha256.Hash(_sealed, digest);
            });
        }
    }
}
