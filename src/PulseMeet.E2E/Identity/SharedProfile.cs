using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>What two devices have to choose alike to understand each other: today the salt of the derived keys, and nothing else.
/// Its hash stands under the signed pair's signature, so that a difference is named when a session begins.</summary>
/// <remarks>docs/protocol.md, "Profile". Immutable and thread-safe.</remarks>
public sealed class SharedProfile
{
    /// <summary>Length of the hash, in bytes.</summary>
    public const int HashSize = Sha256.Size;

    /// <summary>The longest salt, in bytes of UTF-8.</summary>
    public const int MaxSaltSize = 255;

    private readonly byte[] _hash;

    private SharedProfile(byte[] hash) => _hash = hash;

    /// <summary>The profile of an app that changes nothing.</summary>
    public static SharedProfile Default { get; } = FromSalt("PulseMeet-E2E-Salt-v1");

    /// <summary>SHA-256, 32 bytes.</summary>
    public ReadOnlySpan<byte> Hash => _hash;

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 profile"u8;

    /// <summary>The profile of an app with a salt of its own.</summary>
    /// <param name="salt">As for the derived keys: 1 to 255 bytes in UTF-8.</param>
    /// <exception cref="ArgumentException">The salt is empty or too long.</exception>
    public static SharedProfile FromSalt(string salt)
    {
        Argument.IsText(salt, MaxSaltSize);
        var writer = new SpanWriter(stackalloc byte[2 + 24 + 2 + MaxSaltSize]);
        writer.WriteField16(Label);
        writer.WriteText16(salt);
        return new(Sha256.Hash(writer.WrittenSpan));
    }
}
