namespace PulseMeet.E2E.Derivation;

/// <summary>What an app may choose about key derivation. Every device of an app has to choose alike.</summary>
public sealed class KeyDerivationOptions
{
    /// <summary>The default salt, the deployed legacy client's.</summary>
    public const string DefaultSalt = "PulseMeet-E2E-Salt-v1";

    /// <summary>The longest salt, in bytes of UTF-8.</summary>
    public const int MaxSaltSize = 255;

    /// <summary>The HKDF salt (RFC 5869, section 3.1), 1 to 255 bytes in UTF-8: domain separation between apps, not a
    /// secret. The legacy profile v1 uses it too; v0 has a fixed salt of 32 zero bytes.</summary>
    public string Salt { get; set; } = DefaultSalt;

    /// <summary>After this time an epoch of a conversation is due for rotation. 30 days by default.</summary>
    public TimeSpan RotationInterval { get; set; } = TimeSpan.FromDays(30);

    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    internal void Validate()
    {
        Argument.IsText(Salt, MaxSaltSize);
        if (RotationInterval <= TimeSpan.Zero || RotationInterval > TimeSpan.FromDays(3650))
        {
            throw new ArgumentOutOfRangeException(
                nameof(RotationInterval), "Must be longer than zero and at most 3,650 days.");
        }
    }
}
