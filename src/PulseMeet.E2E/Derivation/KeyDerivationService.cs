using System.Security.Cryptography;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Derivation;

/// <summary>The current key schedule: X25519, then HKDF-SHA-256 with a label and length-prefixed fields for each key.</summary>
/// <remarks>Stateless but for its options and clock; thread-safe.</remarks>
public sealed class KeyDerivationService : IKeyDerivationService
{
    private readonly byte[] _salt;
    private readonly TimeSpan _rotationInterval;
    private readonly TimeProvider _time;

    /// <param name="options">Salt and rotation interval; read once.</param>
    /// <param name="time">The clock that <see cref="IsRotationDue"/> reads.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public KeyDerivationService(KeyDerivationOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        _salt = StrictUtf8.Instance.GetBytes(options.Salt);
        _rotationInterval = options.RotationInterval;
        _time = time;
    }

    /// <inheritdoc/>
    public X25519KeyPair GenerateKeyPair() => X25519KeyPair.Generate();

    /// <inheritdoc/>
    public ConversationKeys DeriveConversationKeys(X25519KeyPair own, X25519PublicKey peer, ConversationContext context)
    {
        Span<byte> prk = stackalloc byte[Hkdf.PrkSize];
        Agree(own, peer, context, prk);
        ReadOnlySpan<byte> ownPublic = own.PublicKey.Span;
        var keys = new ConversationKeys(
            context,
            new(KeySchedule.ExpandConversation(prk, KeySchedule.ConversationLabel, ownPublic, peer.Span, context)),
            new(KeySchedule.ExpandConversation(prk, KeySchedule.MediaLabel, ownPublic, peer.Span, context)),
            new(KeySchedule.ExpandConversation(prk, KeySchedule.AuthenticationLabel, ownPublic, peer.Span, context)));
        CryptographicOperations.ZeroMemory(prk);
        return keys;
    }

    /// <inheritdoc/>
    public ConversationKeys RotateConversationKeys(X25519KeyPair own, X25519PublicKey peer, ConversationContext current)
    {
        ArgumentNullException.ThrowIfNull(current);
        return DeriveConversationKeys(own, peer, current.NextEpoch());
    }

    /// <inheritdoc/>
    public bool IsRotationDue(DateTimeOffset establishedAt) => _time.GetUtcNow() - establishedAt >= _rotationInterval;

    /// <inheritdoc/>
    public MediaKey DeriveMediaFileKey(MediaKey media, string mediaId)
    {
        ArgumentNullException.ThrowIfNull(media);
        Argument.IsText(mediaId, KeySchedule.MaxFieldSize);
        return new MediaKey(Named(media, KeySchedule.MediaFileLabel, mediaId));
    }

    /// <inheritdoc/>
    public ArchiveKey DeriveArchiveKey(X25519KeyPair own, X25519PublicKey peer, ConversationContext context)
    {
        Span<byte> prk = stackalloc byte[Hkdf.PrkSize];
        Agree(own, peer, context, prk);
        var key = new ArchiveKey(KeySchedule.ExpandConversation(
            prk, KeySchedule.ArchiveLabel, own.PublicKey.Span, peer.Span, context));
        CryptographicOperations.ZeroMemory(prk);
        return key;
    }

    /// <inheritdoc/>
    public ArchiveKey DeriveArchiveKey(ReadOnlySpan<byte> sharedSecret, ConversationContext context)
    {
        Argument.HasLength(sharedSecret, 32);
        ArgumentNullException.ThrowIfNull(context);
        Span<byte> prk = stackalloc byte[Hkdf.PrkSize];
        Hkdf.Extract(sharedSecret, _salt, prk);
        var key = new ArchiveKey(KeySchedule.ExpandShared(prk, KeySchedule.SharedArchiveLabel, context));
        CryptographicOperations.ZeroMemory(prk);
        return key;
    }

    /// <inheritdoc/>
    public DeviceKey DeriveDeviceKey(MasterKey master, DeviceAddress device)
    {
        ArgumentNullException.ThrowIfNull(master);
        ArgumentNullException.ThrowIfNull(device);
        return new DeviceKey(Named(master, KeySchedule.DeviceLabel, device.UserId, device.DeviceId));
    }

    /// <inheritdoc/>
    public BackupKey DeriveBackupKey(MasterKey master, string userId, string backupId)
    {
        ArgumentNullException.ThrowIfNull(master);
        Argument.IsText(userId, DeviceAddress.MaxIdSize);
        Argument.IsText(backupId, KeySchedule.MaxFieldSize);
        return new BackupKey(Named(master, KeySchedule.BackupLabel, userId, backupId));
    }

    private SecretBytes Named(SecretKey secret, ReadOnlySpan<byte> label, string first, string? second = null)
    {
        Span<byte> prk = stackalloc byte[Hkdf.PrkSize];
        using SecretScope bytes = secret.Use();
        Hkdf.Extract(bytes.Span, _salt, prk);
        SecretBytes key = KeySchedule.ExpandNamed(prk, label, first, second);
        CryptographicOperations.ZeroMemory(prk);
        return key;
    }

    private void Agree(X25519KeyPair own, X25519PublicKey peer, ConversationContext context, Span<byte> prk)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentNullException.ThrowIfNull(context);
        Span<byte> sharedSecret = stackalloc byte[X25519.KeySize];
        own.Agree(peer, sharedSecret);
        Hkdf.Extract(sharedSecret, _salt, prk);
        CryptographicOperations.ZeroMemory(sharedSecret);
    }
}
