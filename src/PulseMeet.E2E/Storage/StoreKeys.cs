using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Storage;

/// <summary>The store's random root key, which seals every record, and the key that turns record names into codes.</summary>
/// <remarks>docs/protocol-storage.md, "Keys"; <see cref="WrappedRoot"/> is how the root key lies in the store. Owns 64 secret bytes.
/// Thread-safe.</remarks>
internal sealed class StoreKeys : IDisposable
{
    /// <summary>Length of the root key, in bytes.</summary>
    public const int RootSize = 32;

    /// <summary>Length of the code that a record lies under, in bytes.</summary>
    public const int CodeSize = 16;

    private readonly SecretBytes _root;
    private readonly IKeyedHmac _names;

    /// <param name="root">32 bytes; owned and disposed from now on.</param>
    public StoreKeys(SecretBytes root)
    {
        _root = root;
        using var names = new StackSecret(stackalloc byte[Hmac.Size]);
        using SecretScope key = _root.Use();
        Hkdf.DeriveKey(key.Span, [], "PulseMeet-E2E v1 store names"u8, names.Span);
        _names = Hmac.Keyed(names.Span);
    }

    public static StoreKeys Generate() => new(SecretBytes.Random(RootSize));

    /// <summary>Seals what a batch writes under the root key, with a fresh salt.</summary>
    /// <param name="revision">The store's revision after the batch.</param>
    /// <returns>The caller disposes it.</returns>
    public BatchSeal BeginBatch(long revision)
    {
        byte[] salt = new byte[RecordSeal.SaltSize];
        Randomness.Fill(salt);
        using SecretScope root = _root.Use();
        return new BatchSeal(root.Span, RecordSeal.BatchLabel, revision, salt);
    }

    /// <inheritdoc cref="RecordSeal.Open"/>
    public byte[]? Open(RecordKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> sealedRecord)
    {
        using SecretScope root = _root.Use();
        return RecordSeal.Open(root.Span, kind, name, salt, sealedRecord);
    }

    /// <summary>The code that a record lies under: HMAC-SHA-256 over its name, cut to 16 bytes, so that no name shows.</summary>
    public byte[] CodeOf(ReadOnlySpan<byte> name)
    {
        Span<byte> code = stackalloc byte[Hmac.Size];
        _names.Mac(name, code);
        return code[..CodeSize].ToArray();
    }

    /// <inheritdoc cref="WrappedRoot.Wrap"/>
    public byte[] Wrap(Keys.MasterKey masterKey, long revision, byte[] salt)
    {
        using SecretScope root = _root.Use();
        return WrappedRoot.Wrap(masterKey, root.Span, revision, salt);
    }

    public void Dispose()
    {
        _root.Dispose();
        _names.Dispose();
    }
}
