using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Storage;

/// <summary>The store's random root key, which seals every record, and the key that turns record names into codes.</summary>
/// <remarks>
/// The root key lies in the store, wrapped under a key from the device's master key, so that another master key costs one
/// record. docs/protocol-storage.md, "Keys". Owns 64 secret bytes.
/// </remarks>
internal sealed class StoreKeys : IDisposable
{
    /// <summary>Length of the code that a record lies under, in bytes.</summary>
    public const int CodeSize = 16;

    private const int CheckSize = 16;

    private readonly SecretBytes _root;
    private readonly SecretBytes _names;

    private StoreKeys(SecretBytes root)
    {
        _root = root;
        _names = new SecretBytes(Hmac.Size);
        Hkdf.DeriveKey(root.Span, [], "PulseMeet-E2E v1 store names"u8, _names.Span);
    }

    public static StoreKeys Generate() => new(SecretBytes.Random(32));

    /// <summary>Opens the key record.</summary>
    /// <param name="masterKey">The device's master key.</param>
    /// <param name="record">Input from outside.</param>
    /// <param name="salt">The salt that names this wrapping.</param>
    /// <exception cref="E2EException">Another master key (<see cref="E2EError.WrongMasterKey"/>), or the record was changed
    /// (<see cref="E2EError.StoreDamaged"/>).</exception>
    public static StoreKeys Unwrap(MasterKey masterKey, ReadOnlySpan<byte> record, out byte[] salt)
    {
        if (record.Length <= CheckSize + RecordSeal.SaltSize + 9)
        {
            throw new E2EException(E2EError.StoreDamaged, "The wrapped root key is too short.");
        }

        ReadOnlySpan<byte> sealedKey = record[CheckSize..];
        salt = RecordSeal.GetSalt(sealedKey).ToArray();
        Span<byte> check = stackalloc byte[CheckSize];
        WriteCheck(masterKey, salt, check);
        if (!ConstantTime.AreEqual(check, record[..CheckSize]))
        {
            throw new E2EException(E2EError.WrongMasterKey);
        }

        byte[] root = RecordSeal.Open(masterKey.Span, RecordSeal.KeyLabel, StoreTables.KeyRecord.Span, salt, sealedKey)
            ?? throw new E2EException(E2EError.StoreDamaged, "The wrapped root key was changed.");
        try
        {
            return root.Length == 32
                ? new StoreKeys(SecretBytes.CopyOf(root))
                : throw new E2EException(E2EError.StoreDamaged, "The root key has another length.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(root);
        }
    }

    /// <summary>The key record: a check value that tells a wrong master key from a changed record, and the sealed root key.</summary>
    public byte[] Wrap(MasterKey masterKey, long revision, out byte[] salt)
    {
        byte[] sealedKey = RecordSeal.Seal(
            masterKey.Span, RecordSeal.KeyLabel, StoreTables.KeyRecord.Span, revision, _root.Span, PaddingScheme.None, out salt);
        byte[] record = new byte[CheckSize + sealedKey.Length];
        WriteCheck(masterKey, salt, record.AsSpan(0, CheckSize));
        sealedKey.CopyTo(record, CheckSize);
        return record;
    }

    public byte[] Seal(
        ReadOnlySpan<byte> label, ReadOnlySpan<byte> name, long revision, ReadOnlySpan<byte> plaintext, PaddingScheme padding, out byte[] salt)
        => RecordSeal.Seal(_root.Span, label, name, revision, plaintext, padding, out salt);

    public byte[]? Open(ReadOnlySpan<byte> label, ReadOnlySpan<byte> name, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> sealedRecord)
    {
        try
        {
            return RecordSeal.Open(_root.Span, label, name, salt, sealedRecord);
        }
        catch (E2EException)
        {
            return null;
        }
    }

    /// <summary>The code that a record lies under: HMAC-SHA-256 over its name, cut to 16 bytes, so that no name shows.</summary>
    public byte[] CodeOf(ReadOnlySpan<byte> name)
    {
        byte[] code = new byte[Hmac.Size];
        Hmac.Sha256(_names.Span, name, code);
        return code[..CodeSize];
    }

    public void Dispose()
    {
        _root.Dispose();
        _names.Dispose();
    }

    private static void WriteCheck(MasterKey masterKey, ReadOnlySpan<byte> salt, Span<byte> check) =>
        Hkdf.DeriveKey(masterKey.Span, salt, "PulseMeet-E2E v1 store master key check"u8, check);
}
