using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.PreKeys;

/// <summary>What a device gives to the directory: its certificate, its current signed and last-resort prekeys, and new
/// one-time prekeys. Public material only; immutable and thread-safe.</summary>
public sealed class PreKeyPublication
{
    /// <param name="certificate">The device's certificate.</param>
    /// <param name="signedPreKey">Replaces the signed prekey published before.</param>
    /// <param name="lastResortPreKey">Replaces the last-resort post-quantum prekey published before.</param>
    /// <param name="oneTimePreKeys">Added to those still there.</param>
    /// <param name="oneTimeKemPreKeys">Added to those still there.</param>
    /// <exception cref="ArgumentException">A post-quantum prekey stands in the wrong place.</exception>
    public PreKeyPublication(
        DeviceCertificate certificate,
        SignedPreKey signedPreKey,
        KemPreKey lastResortPreKey,
        IReadOnlyList<OneTimePreKey> oneTimePreKeys,
        IReadOnlyList<KemPreKey> oneTimeKemPreKeys)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(signedPreKey);
        ArgumentNullException.ThrowIfNull(lastResortPreKey);
        ArgumentNullException.ThrowIfNull(oneTimePreKeys);
        ArgumentNullException.ThrowIfNull(oneTimeKemPreKeys);
        if (!lastResortPreKey.IsLastResort || oneTimeKemPreKeys.Any(preKey => preKey.IsLastResort))
        {
            throw new ArgumentException("A last-resort prekey stands where a one-time one belongs, or the other way round.");
        }

        Certificate = certificate;
        SignedPreKey = signedPreKey;
        LastResortPreKey = lastResortPreKey;
        OneTimePreKeys = oneTimePreKeys;
        OneTimeKemPreKeys = oneTimeKemPreKeys;
    }

    /// <summary>The device's certificate.</summary>
    public DeviceCertificate Certificate { get; }

    /// <summary>The device's current signed prekey.</summary>
    public SignedPreKey SignedPreKey { get; }

    /// <summary>The device's current last-resort post-quantum prekey.</summary>
    public KemPreKey LastResortPreKey { get; }

    /// <summary>New one-time prekeys.</summary>
    public IReadOnlyList<OneTimePreKey> OneTimePreKeys { get; }

    /// <summary>New one-time post-quantum prekeys.</summary>
    public IReadOnlyList<KemPreKey> OneTimeKemPreKeys { get; }

    /// <summary>Checks the certificate and every signature: what a directory does before it stores the publication.</summary>
    /// <param name="now">The current time.</param>
    /// <exception cref="E2EException">A signature does not verify (<see cref="E2EError.InvalidSignature"/>), or the
    /// certificate is outside its validity (<see cref="E2EError.Expired"/>).</exception>
    public void Verify(DateTimeOffset now)
    {
        Certificate.Verify(now);
        SignedPreKey.Verify(Certificate.SigningKey);
        LastResortPreKey.Verify(Certificate.SigningKey);
        foreach (KemPreKey preKey in OneTimeKemPreKeys)
        {
            preKey.Verify(Certificate.SigningKey);
        }
    }
}
