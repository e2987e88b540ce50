using System.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E;

/// <summary>What a user writes down, to come back under the same account key after losing every device: 256 random bits that seal a
/// copy of the account key for the relay to keep.</summary>
/// <remarks>Not derived from a passphrase, which the relay could guess. Whoever has the written form and the copy has the account: an old
/// copy and its old key open for ever, short of a new account key. docs/protocol-linking.md, "Recovery key". Thread-safe until
/// disposed; <see cref="ToText"/> is the only way that it prints.</remarks>
/// <example><code>
/// using RecoveryKey recovery = RecoveryKey.Generate();
/// Show(recovery.ToText());                                   // once; the user writes it down
/// byte[] copy = recovery.Seal(account, "alice");             // for the relay to keep
/// using Ed25519KeyPair back = RecoveryKey.Parse(typed).Open(copy, "alice");
/// </code></example>
[DebuggerDisplay("RecoveryKey")]
public sealed class RecoveryKey : IDisposable
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>Length of a sealed copy of an account key, in bytes.</summary>
    public const int CopySize = RecoveryCopy.Size;

    private readonly SecretBytes _key;

    private RecoveryKey(SecretBytes key) => _key = key;

    /// <summary>A new key from the operating system's random generator.</summary>
    public static RecoveryKey Generate() => new(SecretBytes.Random(KeySize));

    /// <summary>Reads what somebody wrote down.</summary>
    /// <param name="text">56 characters in any grouping by spaces, dashes and line ends, in either case; at most 256. The letters O, I
    /// and L are read as the digits 0, 1 and 1.</param>
    /// <exception cref="E2EException">Too many, too few or other characters (<see cref="E2EError.InvalidEncoding"/>), a later form
    /// (<see cref="E2EError.UnsupportedVersion"/>), or a character exchanged (<see cref="E2EError.RecoveryKeyMistyped"/>).</exception>
    public static RecoveryKey Parse(ReadOnlySpan<char> text)
    {
        using var key = new StackSecret(stackalloc byte[KeySize]);
        RecoveryKeyText.Read(text, key.Span);
        return new(SecretBytes.CopyOf(key.Span));
    }

    /// <summary>The form to be written down: 14 groups of four characters, with dashes between. A secret that this library cannot
    /// zero: show it once, and keep it nowhere.</summary>
    public string ToText()
    {
        using SecretScope key = _key.Use();
        return RecoveryKeyText.Write(key.Span);
    }

    /// <summary>Seals a copy of the account key, for the relay to keep.</summary>
    /// <param name="account">The account's key pair. Not disposed.</param>
    /// <param name="userId">The user: 1 to 64 bytes in UTF-8. Bound in.</param>
    /// <returns><see cref="CopySize"/> bytes, another copy every time.</returns>
    /// <exception cref="ArgumentException">The id is empty, too long or not well-formed Unicode.</exception>
    public byte[] Seal(Ed25519KeyPair account, string userId)
    {
        ArgumentNullException.ThrowIfNull(account);
        Argument.IsText(userId, DeviceAddress.MaxIdSize);
        using SecretScope key = _key.Use();
        return RecoveryCopy.Seal(key.Span, account, userId);
    }

    /// <summary>Opens a copy of the account key.</summary>
    /// <param name="copy">What the relay gave.</param>
    /// <param name="userId">The user, as it was sealed.</param>
    /// <returns>The account's key pair; the caller disposes it. Whether it is the account that contacts know shows in the newest device
    /// list.</returns>
    /// <exception cref="ArgumentException">The id is empty, too long or not well-formed Unicode.</exception>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), a later version
    /// (<see cref="E2EError.UnsupportedVersion"/>), or changed, another user's, or under another recovery key
    /// (<see cref="E2EError.NotAuthentic"/>).</exception>
    public Ed25519KeyPair Open(ReadOnlySpan<byte> copy, string userId)
    {
        Argument.IsText(userId, DeviceAddress.MaxIdSize);
        using SecretScope key = _key.Use();
        return RecoveryCopy.Open(key.Span, copy, userId);
    }

    /// <summary>Whether both are the same key, in a time that does not depend on the bytes.</summary>
    /// <param name="other">The key to compare with: what the user was asked to type again.</param>
    public bool FixedTimeEquals(RecoveryKey other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return _key.FixedTimeEquals(other._key);
    }

    /// <summary>The kind, never the key.</summary>
    public override string ToString() => nameof(RecoveryKey);

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => _key.Dispose();
}
