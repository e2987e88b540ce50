using System.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E;

/// <summary>Looks at what secure key exchange rests on, and names what fails: each primitive by each backend against a published
/// answer, the device's own keys and certificate, a whole handshake and conversation in memory, and what the relay shows: the device list
/// and, where the prekeys are at hand, that what is published for this device is what it holds the private keys of.</summary>
/// <remarks>It looks and never claims: no prekey is used up, and nothing is published or stored. Thread-safe. A few milliseconds beside
/// the relay's time; see benchmarks/README.md.</remarks>
public sealed class SecureKeyExchangeVerifier
{
    private readonly TimeProvider _time;

    /// <param name="time">The clock that certificates and lists are judged by.</param>
    public SecureKeyExchangeVerifier(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
    }

    /// <summary>Makes every check. What fails is in the report, and the others go on.</summary>
    /// <param name="own">The device. Not disposed.</param>
    /// <param name="relay">Where the device publishes; null leaves out what only the relay can say.</param>
    /// <param name="preKeys">The device's prekeys, to compare with what the relay says is published; null leaves that out. Not
    /// disposed.</param>
    /// <param name="cancellationToken">Stops waiting for the relay.</param>
    /// <exception cref="ArgumentException">The prekeys are another device's.</exception>
    /// <exception cref="ObjectDisposedException">The device, or its prekeys, are disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<SecureKeyExchangeReport> VerifySecureKeyExchangeAsync(
        DeviceIdentity own, IE2ERelay? relay = null, DevicePreKeys? preKeys = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(own);
        if (preKeys is not null && !preKeys.Identity.Certificate.Equals(own.Certificate))
        {
            throw new ArgumentException("The prekeys are another device's.", nameof(preKeys));
        }

        return VerifyAsync(own, relay, preKeys?.PublicationHash, cancellationToken);
    }

    /// <param name="own">The device.</param>
    /// <param name="relay">Where it publishes, or null.</param>
    /// <param name="published">The hash of what should be published; null leaves the prekeys out.</param>
    /// <param name="cancellationToken">Stops waiting for the relay.</param>
    internal async Task<SecureKeyExchangeReport> VerifyAsync(
        DeviceIdentity own, IE2ERelay? relay, ReadOnlyMemory<byte>? published, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        List<SecureKeyExchangeCheck> checks =
        [
            .. KnownAnswers.All.Select(check => new SecureKeyExchangeCheck($"{check.Primitive}, {check.Backend}", check.Role, check.Passes())),
            Look("own keys", "private keys fit the certificate, whose signature verifies", () => HasItsKeys(own)),
            Look("own certificate", "validity", () => IsValidNow(own)),
            Look("loop", "handshake, message, answer", () => SecureKeyExchangeLoop.Run(_time)),
        ];
        TimeSpan elapsed = Stopwatch.GetElapsedTime(begun);
        if (relay is not null)
        {
            checks.Add(await LookAtListAsync(own, relay, cancellationToken).ConfigureAwait(false));
            if (published is { } expected)
            {
                checks.Add(await LookAtPreKeysAsync(expected, relay, cancellationToken).ConfigureAwait(false));
            }
        }

        return new SecureKeyExchangeReport(checks, elapsed);
    }

    private static SecureKeyExchangeCheck Look(string name, string detail, Func<bool> isRight)
    {
        try
        {
            return new(name, detail, isRight());
        }
        catch (E2EException refused)
        {
            return new(name, detail, IsRight: false, refused.Reason);
        }
    }

    /// <summary>Reading the identity derives every public key anew and verifies the certificate's signature.</summary>
    private static bool HasItsKeys(DeviceIdentity own)
    {
        byte[] state = own.Serialize();
        try
        {
            using DeviceIdentity read = DeviceIdentity.Deserialize(state);
            return read.Certificate.Equals(own.Certificate);
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(state);
        }
    }

    private bool IsValidNow(DeviceIdentity own)
    {
        own.Certificate.Verify(_time.GetUtcNow());
        return true;
    }

    /// <summary>The newest list is the account's, and this device stands on it with these keys.</summary>
    private async Task<SecureKeyExchangeCheck> LookAtListAsync(DeviceIdentity own, IE2ERelay relay, CancellationToken cancellationToken)
    {
        const string name = "published device list";
        try
        {
            byte[]? list = await relay.GetDeviceListAsync(own.Address.UserId, cancellationToken).ConfigureAwait(false);
            return Look(name, "the account's, and has this device", () => list is not null && IsListed(own, list));
        }
        catch (E2EException refused)
        {
            return new(name, "the relay", IsRight: false, refused.Reason);
        }
    }

    /// <summary>The relay has the present certificate and signed pair: it hands out nothing that this device cannot answer.</summary>
    private static async Task<SecureKeyExchangeCheck> LookAtPreKeysAsync(
        ReadOnlyMemory<byte> expected, IE2ERelay relay, CancellationToken cancellationToken)
    {
        const string name = "published prekeys";
        try
        {
            PreKeyStatus published = await relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false);
            return new(
                name, "the device's certificate and signed pair", PublicBytes.Equal(published.PublicationHash.Span, expected.Span));
        }
        catch (E2EException refused)
        {
            return new(name, "the relay", IsRight: false, refused.Reason);
        }
    }

    private bool IsListed(DeviceIdentity own, byte[] encoded)
    {
        DeviceList list = DeviceList.Decode(encoded);
        list.Verify(own.Address.UserId, own.Certificate.AccountKey, _time.GetUtcNow());
        list.CheckListed(own.Certificate);
        return true;
    }
}
