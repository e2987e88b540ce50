using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Sealing;

/// <summary>Seals what a user keeps: backups, under a key of their own, and the state of a device, such as what a session's
/// <c>Serialize</c> gives.</summary>
/// <remarks>docs/protocol.md, "Sealed state". The name is bound in, so that one state cannot be put in another's place; that a state is the
/// newest under its name, it does not say. Thread-safe.</remarks>
/// <example><code>
/// using DeviceKey key = derivation.DeriveDeviceKey(master, new DeviceAddress("alice", "phone"));
/// byte[] state = session.Serialize();
/// store["bob/phone"] = StateSealer.Seal(key, "bob/phone", state);
/// </code></example>
public static class StateSealer
{
    /// <summary>The longest content, in bytes: 16 MiB.</summary>
    public const int MaxContentSize = SealedBody.MaxPlaintext;

    /// <summary>The longest name, in bytes of UTF-8.</summary>
    public const int MaxNameSize = 255;

    private static ReadOnlySpan<byte> BackupLabel => "PulseMeet-E2E v1 sealed backup"u8;

    private static ReadOnlySpan<byte> DeviceLabel => "PulseMeet-E2E v1 sealed device state"u8;

    /// <summary>Seals a backup, or a part of one.</summary>
    /// <param name="key">The backup's key. Not disposed.</param>
    /// <param name="name">Which part it is: 1 to 255 bytes in UTF-8; authenticated, not sent.</param>
    /// <param name="content">0 bytes to 16 MiB; what is longer goes in parts.</param>
    /// <exception cref="ArgumentException">The name or the content is too long, or the name empty.</exception>
    public static byte[] Seal(BackupKey key, string name, ReadOnlySpan<byte> content) =>
        SealUnder(key, BackupLabel, name, content);

    /// <summary>Opens a backup, or a part of one.</summary>
    /// <param name="key">The backup's key. Not disposed.</param>
    /// <param name="name">As it was sealed.</param>
    /// <param name="sealedContent">What <see cref="Seal(BackupKey, string, ReadOnlySpan{byte})"/> gave.</param>
    /// <exception cref="E2EException">Too short or malformed (<see cref="E2EError.InvalidEncoding"/>), too long
    /// (<see cref="E2EError.LimitExceeded"/>), another version (<see cref="E2EError.UnsupportedVersion"/>), or changed, under
    /// another key or name (<see cref="E2EError.NotAuthentic"/>).</exception>
    public static byte[] Open(BackupKey key, string name, ReadOnlySpan<byte> sealedContent) =>
        OpenUnder(key, BackupLabel, name, sealedContent);

    /// <summary>Seals a device's state for a store on that device.</summary>
    /// <param name="key">The device's key. Not disposed.</param>
    /// <param name="name">Which state it is: 1 to 255 bytes in UTF-8; authenticated, not stored.</param>
    /// <param name="state">0 bytes to 16 MiB.</param>
    /// <exception cref="ArgumentException">The name or the state is too long, or the name empty.</exception>
    public static byte[] Seal(DeviceKey key, string name, ReadOnlySpan<byte> state) =>
        SealUnder(key, DeviceLabel, name, state);

    /// <summary>Opens a device's state. The caller zeroes it.</summary>
    /// <param name="key">The device's key. Not disposed.</param>
    /// <param name="name">As it was sealed.</param>
    /// <param name="sealedState">What <see cref="Seal(DeviceKey, string, ReadOnlySpan{byte})"/> gave.</param>
    /// <exception cref="E2EException">As for <see cref="Open(BackupKey, string, ReadOnlySpan{byte})"/>.</exception>
    public static byte[] Open(DeviceKey key, string name, ReadOnlySpan<byte> sealedState) =>
        OpenUnder(key, DeviceLabel, name, sealedState);

    private static byte[] SealUnder(SecretKey key, ReadOnlySpan<byte> label, string name, ReadOnlySpan<byte> content)
    {
        ArgumentNullException.ThrowIfNull(key);
        Argument.IsText(name, MaxNameSize);
        if (content.Length > MaxContentSize)
        {
            throw new ArgumentException("At most 16 MiB.", nameof(content));
        }

        var associatedData = new SpanWriter(stackalloc byte[3 + MaxNameSize]);
        WriteName(ref associatedData, name);
        return SealedRecord.Seal(key, label, content, associatedData.WrittenSpan, PaddingScheme.Default);
    }

    private static byte[] OpenUnder(SecretKey key, ReadOnlySpan<byte> label, string name, ReadOnlySpan<byte> sealedContent)
    {
        ArgumentNullException.ThrowIfNull(key);
        Argument.IsText(name, MaxNameSize);
        var associatedData = new SpanWriter(stackalloc byte[3 + MaxNameSize]);
        WriteName(ref associatedData, name);
        return SealedRecord.Open(key, label, sealedContent, associatedData.WrittenSpan);
    }

    private static void WriteName(ref SpanWriter writer, string name)
    {
        writer.WriteByte(SealedRecord.Version);
        writer.WriteText16(name);
    }
}
