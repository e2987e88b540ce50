using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Storage;

/// <summary>Seals all that one batch writes, under one key that is fresh for it.</summary>
/// <remarks>
/// docs/protocol-storage.md, "Sealed record". The key is HKDF-SHA-256(ikm = key, salt, info = label); the salt is drawn for the
/// batch, and nonces count up in it, so that no key and nonce are used twice, whatever was put back or written again after a failure.
/// A batch writes a name once at most: salt and name together name one write. Owns 32 secret bytes. Not thread-safe.
/// </remarks>
internal sealed class BatchSeal : IDisposable
{
    /// <summary>Buffers up to this length stay on the stack, in bytes.</summary>
    private const int StackLimit = 1024;

    private readonly AesGcm256Key _key;
    private readonly long _revision;
    private uint _next;

    /// <param name="key">32 bytes.</param>
    /// <param name="label">What the key is for.</param>
    /// <param name="revision">The store's revision after the batch; authenticated.</param>
    /// <param name="salt">16 bytes, random but in test vectors; kept.</param>
    public BatchSeal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> label, long revision, byte[] salt)
    {
        Argument.HasLength(salt, RecordSeal.SaltSize);
        Salt = salt;
        _revision = revision;
        using var own = new StackSecret(stackalloc byte[AesGcm256.KeySize]);
        Hkdf.DeriveKey(key, salt, label, own.Span);
        _key = AesGcm256Key.ForRecords(own.Span);
    }

    /// <summary>16 bytes that name the batch.</summary>
    public byte[] Salt { get; }

    /// <param name="kind">What kind of record this is; authenticated.</param>
    /// <param name="name">Which one it is; authenticated. Once in a batch.</param>
    /// <param name="plaintext">Any bytes.</param>
    /// <param name="padding">How much of the length may show.</param>
    public byte[] Seal(RecordKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> plaintext, PaddingScheme padding)
    {
        byte[] result = new byte[RecordSeal.GetSealedLength(plaintext.Length, padding)];
        Span<byte> prefix = result.AsSpan(0, RecordSeal.PrefixSize);
        RecordSeal.WritePrefix(prefix, _revision, Salt, _next);
        _next = checked(_next + 1);
        Span<byte> nonce = stackalloc byte[AesGcm256.NonceSize];
        RecordSeal.WriteNonce(prefix, nonce);
        Span<byte> associatedData = stackalloc byte[RecordSeal.MaxAssociatedData];
        associatedData = associatedData[..RecordSeal.WriteAssociatedData(prefix, kind, name, associatedData)];
        using var padded = new ScratchSecret(stackalloc byte[StackLimit], padding.GetPaddedLength(plaintext.Length));
        Padding.Write(plaintext, padded.Span);
        _key.Seal(nonce, padded.Span, associatedData, result.AsSpan(RecordSeal.PrefixSize));
        return result;
    }

    public void Dispose() => _key.Dispose();
}
