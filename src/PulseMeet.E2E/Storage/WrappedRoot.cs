using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Storage;

/// <summary>The store's root key as it lies in the store: a check value, and the root key sealed under the device's master key.</summary>
/// <remarks>
/// docs/protocol-storage.md, "Keys". The check value tells a wrong master key from a changed record; wrapping costs one record,
/// so that another master key does.
/// </remarks>
internal static class WrappedRoot
{
    private const int CheckSize = 16;

    private static readonly int s_size = CheckSize + RecordSeal.GetSealedLength(StoreKeys.RootSize, PaddingScheme.None);

    /// <param name="masterKey">The device's master key.</param>
    /// <param name="root">32 bytes.</param>
    /// <param name="revision">The store's revision after the write.</param>
    /// <param name="salt">16 bytes, random but in test vectors; the head names the wrapping by them.</param>
    public static byte[] Wrap(MasterKey masterKey, ReadOnlySpan<byte> root, long revision, byte[] salt)
    {
        byte[] record = new byte[s_size];
        WriteCheck(masterKey, salt, record.AsSpan(0, CheckSize));
        using SecretScope key = masterKey.Use();
        using var seal = new BatchSeal(key.Span, RecordSeal.KeyLabel, revision, salt);
        seal.Seal(RecordKind.RootKey, StoreTables.KeyRecord.Span, root, PaddingScheme.None).CopyTo(record, CheckSize);
        return record;
    }

    /// <param name="masterKey">The device's master key.</param>
    /// <param name="record">Input from outside.</param>
    /// <param name="salt">The salt that names this wrapping.</param>
    /// <exception cref="E2EException">Another master key (<see cref="E2EError.WrongMasterKey"/>), or the record was changed
    /// (<see cref="E2EError.StoreDamaged"/>).</exception>
    public static StoreKeys Unwrap(MasterKey masterKey, ReadOnlySpan<byte> record, out byte[] salt)
    {
        // One of version 1 is shorter; that it is whole shows when it opens.
        if (record.Length <= CheckSize + RecordSeal.PrefixSize || record.Length > s_size)
        {
            throw new E2EException(E2EError.StoreDamaged, "The wrapped root key has another length.");
        }

        salt = RecordSeal.GetSalt(record[CheckSize..]).ToArray();
        Span<byte> check = stackalloc byte[CheckSize];
        WriteCheck(masterKey, salt, check);
        if (!ConstantTime.AreEqual(check, record[..CheckSize]))
        {
            throw new E2EException(E2EError.WrongMasterKey);
        }

        using SecretScope key = masterKey.Use();
        using var root = new StackSecret(
            RecordSeal.Open(key.Span, RecordKind.RootKey, StoreTables.KeyRecord.Span, salt, record[CheckSize..])
            ?? throw new E2EException(E2EError.StoreDamaged, "The wrapped root key was changed."));
        return new StoreKeys(SecretBytes.CopyOf(root.Span));
    }

    private static void WriteCheck(MasterKey masterKey, ReadOnlySpan<byte> salt, Span<byte> check)
    {
        using SecretScope key = masterKey.Use();
        Hkdf.DeriveKey(key.Span, salt, "PulseMeet-E2E v1 store master key check"u8, check);
    }
}
