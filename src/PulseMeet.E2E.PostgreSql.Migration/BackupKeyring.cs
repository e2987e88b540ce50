using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The keys that originals of messages are sealed under: one for each run of an app, itself sealed to the recovery
/// key, so that a run costs one agreement and not one for each message.</summary>
internal sealed class BackupKeyring(X25519KeyPair recovery) : IDisposable
{
    private const int MaxKeys = 1024;

    private readonly Dictionary<Guid, ArchiveKey?> _keys = [];

    /// <summary>A new key and what goes into the database for it.</summary>
    public static (ArchiveKey Key, byte[] Sealed) Create(X25519PublicKey recoveryKey, Guid id, Guid user)
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(ArchiveKey.KeySize);
        byte[] sealedKey = Hpke.Seal(recoveryKey, Binding.MessageBackupKeyInfo, Bind(id, user), bytes);
        ArchiveKey key = ArchiveKey.Import(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return (key, sealedKey);
    }

    /// <summary>Null where a user wrote something that is no such key.</summary>
    public ArchiveKey? TryGet(Guid id, Guid user, byte[] sealedKey)
    {
        if (_keys.TryGetValue(id, out ArchiveKey? known))
        {
            return known;
        }

        if (_keys.Count == MaxKeys)
        {
            Dispose();
        }

        return _keys[id] = Open(id, user, sealedKey);
    }

    public void Dispose()
    {
        foreach (ArchiveKey? key in _keys.Values)
        {
            key?.Dispose();
        }

        _keys.Clear();
    }

    private ArchiveKey? Open(Guid id, Guid user, byte[] sealedKey)
    {
        try
        {
            byte[] bytes = Hpke.Open(recovery, Binding.MessageBackupKeyInfo, Bind(id, user), sealedKey);
            ArchiveKey? key = bytes.Length == ArchiveKey.KeySize ? ArchiveKey.Import(bytes) : null;
            CryptographicOperations.ZeroMemory(bytes);
            return key;
        }
        catch (E2EException)
        {
            return null;
        }
    }

    private static byte[] Bind(Guid id, Guid user) => Binding.Of(id.ToString("D"), user.ToString("D"));
}
