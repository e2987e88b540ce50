using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The private side of what a device publishes: its signed pair, its one-time pairs, and the memory of which first messages
/// were accepted.</summary>
/// <remarks>
/// Thread-safe. Owns its keys. The app stores <see cref="Serialize"/> before it hands a publication to the directory and
/// after every accepted first message, so that a restart forgets neither. docs/protocol.md, "Prekeys".
/// </remarks>
/// <example><code>
/// DirectoryState state = await directory.GetStateAsync(device.Address);
/// if (preKeys.IsPublicationDue(state))
/// {
///     PreKeyPublication publication = preKeys.PreparePublication(state);
///     store.Put("prekeys", preKeys.Serialize()); // before they are published
///     await directory.PublishAsync(publication);
/// }
/// </code></example>
public sealed class DevicePreKeys : IDisposable
{
    private const int PairsBetweenPauses = 8;

    /// <summary>A list that somebody fills makes no more than a generation a day.</summary>
    private static readonly TimeSpan s_leastInterval = TimeSpan.FromDays(1);

    private readonly PreKeyOptions _options;
    private readonly TimeProvider _time;
    private bool _isDisposed;

    private DevicePreKeys(PreKeyVault vault, DeviceIdentity identity, PreKeyOptions options, TimeProvider time)
    {
        Vault = vault;
        Identity = identity;
        _options = options;
        _time = time;
    }

    /// <summary>The device whose prekeys these are. Not owned.</summary>
    public DeviceIdentity Identity { get; }

    /// <summary>The hash of what should be published now: the device's present certificate and its current signed pair, 32 bytes.</summary>
    public ReadOnlyMemory<byte> PublicationHash
    {
        get
        {
            lock (Lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                return PreKeyPublication.HashOf(Identity.Certificate.Encoded, Vault.Current.SignedPair.Encode());
            }
        }
    }

    internal Lock Lock { get; } = new();

    internal PreKeyVault Vault { get; }

    /// <summary>Makes the first prekeys of a new device.</summary>
    /// <param name="identity">The device; signs the prekeys. Not disposed; has to outlive this object.</param>
    /// <param name="options">How many prekeys and for how long.</param>
    /// <param name="time">The clock that rotation follows.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public static DevicePreKeys Create(DeviceIdentity identity, PreKeyOptions options, TimeProvider time)
    {
        CheckArguments(identity, options, time);
        var vault = new PreKeyVault();
        vault.AddCurrent(identity.SigningKey, time.GetUtcNow(), options.Profile);
        return new(vault, identity, options, time);
    }

    /// <summary>Reads what <see cref="Serialize"/> wrote.</summary>
    /// <param name="state">The serialised prekeys.</param>
    /// <param name="identity">The device. Not disposed; has to outlive this object.</param>
    /// <param name="options">How many prekeys and for how long.</param>
    /// <param name="time">The clock that rotation follows.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), over a bound (<see cref="E2EError.LimitExceeded"/>), with a bad key
    /// (<see cref="E2EError.InvalidPublicKey"/>), or of another device (<see cref="E2EError.InvalidSignature"/>).</exception>
    public static DevicePreKeys Deserialize(
        ReadOnlySpan<byte> state, DeviceIdentity identity, PreKeyOptions options, TimeProvider time)
    {
        CheckArguments(identity, options, time);
        return new(PreKeyVaultCodec.Read(state, identity), identity, options, time);
    }

    /// <summary>Serialises the prekeys with their private keys, for the app's encrypted store. The caller zeroes the
    /// bytes.</summary>
    public byte[] Serialize()
    {
        lock (Lock)
        {
            return PreKeyVaultCodec.Write(Vault);
        }
    }

    /// <summary>Whether <see cref="PreparePublication"/> has something to do: half of the one-time pairs are gone, the signed pair is
    /// due for rotation, or the directory has another certificate or signed pair than the present ones.</summary>
    /// <param name="directory">What the directory says that it has.</param>
    /// <exception cref="ObjectDisposedException">These prekeys are disposed.</exception>
    public bool IsPublicationDue(DirectoryState directory)
    {
        Telemetry.PreKeysLeft(this, directory.OneTimePairs);
        lock (Lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return IsRotationDue() || !IsPublished(directory) || directory.OneTimePairs < (_options.OneTimePairs + 1) / 2;
        }
    }

    /// <summary>Rotates what is due, drops what has been retired long enough, makes the one-time pairs that the directory lacks, and
    /// gives all that to publish. Nothing is sent: store <see cref="Serialize"/>, then hand it over.</summary>
    /// <param name="directory">What the directory says that it has; the default for a new device.</param>
    /// <exception cref="ObjectDisposedException">These prekeys, or the device's identity, are disposed.</exception>
    /// <exception cref="E2EException">The device has given its last prekey id (<see cref="E2EError.LimitExceeded"/>).</exception>
    /// <remarks>A failure retires nothing: what is held, and what <see cref="Serialize"/> gives, stays usable.</remarks>
    public PreKeyPublication PreparePublication(DirectoryState directory)
    {
        lock (Lock)
        {
            int lacking = RotateAndCount(directory, out DateTimeOffset now);
            return new(Identity.Certificate, Vault.Current.SignedPair, Vault.AddOneTimePairs(lacking, Identity.SigningKey, now));
        }
    }

    /// <summary>As <see cref="PreparePublication"/>, with pauses: a hundred pairs take a tenth of a second in a browser. For whoever has these
    /// prekeys to himself.</summary>
    /// <param name="directory">What the directory says that it has.</param>
    /// <param name="pause">Called after every few pairs, without the lock.</param>
    internal async ValueTask<PreKeyPublication> PreparePublicationAsync(DirectoryState directory, Func<ValueTask> pause)
    {
        int lacking;
        DateTimeOffset now;
        lock (Lock)
        {
            lacking = RotateAndCount(directory, out now);
        }

        var added = new List<OneTimePreKeyPair>(lacking);
        while (added.Count < lacking)
        {
            lock (Lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                added.AddRange(Vault.AddOneTimePairs(Math.Min(PairsBetweenPauses, lacking - added.Count), Identity.SigningKey, now));
            }

            await pause().ConfigureAwait(false);
        }

        lock (Lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return new(Identity.Certificate, Vault.Current.SignedPair, added);
        }
    }

    /// <summary>Zeroes all private prekeys.</summary>
    public void Dispose()
    {
        lock (Lock)
        {
            _isDisposed = true;
            Vault.Dispose();
        }

        Telemetry.PreKeysEnded(this);
    }

    /// <summary>Refuses a first message that would be refused for what it names, before any work on its keys.</summary>
    /// <exception cref="E2EException">As for <see cref="PreKeyVault.Select"/>.</exception>
    internal void CheckFirstMessage(PreKeyNames names, Keys.X25519PublicKey ephemeralKey, FirstMessageSender sender)
    {
        lock (Lock)
        {
            DropRetired();
            _ = Vault.Select(names, ephemeralKey, sender);
        }
    }

    /// <summary>The caller holds <see cref="Lock"/>.</summary>
    internal void DropRetired() => Vault.DropRetired(_time.GetUtcNow(), _options.RetirementPeriod);

    private bool IsPublished(DirectoryState directory) => PublicBytes.Equal(
        directory.PublicationHash.Span,
        PreKeyPublication.HashOf(Identity.Certificate.Encoded, Vault.Current.SignedPair.Encode()));

    /// <summary>Also where the pair is from the future (the clock was ahead and has been set back, and what is signed cannot be dated
    /// anew), has another profile than the app has now, or has a list of accepted first messages that fills.</summary>
    /// <returns>How many one-time pairs the directory lacks.</returns>
    private int RotateAndCount(DirectoryState directory, out DateTimeOffset now)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        now = _time.GetUtcNow();
        if (IsRotationDue())
        {
            Vault.AddCurrent(Identity.SigningKey, now, _options.Profile);
        }

        Vault.DropRetired(now, _options.RetirementPeriod);

        // The count is not trusted: a negative one asks for no more than none at all. A directory drops the one-time pairs of
        // another generation with the signed pair.
        int there = IsPublished(directory) ? Math.Clamp(directory.OneTimePairs, 0, _options.OneTimePairs) : 0;
        return _options.OneTimePairs - there;
    }

    private bool IsRotationDue()
    {
        SignedPreKeyPair current = Vault.Current.SignedPair;
        TimeSpan age = _time.GetUtcNow() - current.CreatedAt;
        return age >= _options.RotationInterval
            || age < -IdentityLimits.ClockTolerance
            || !PublicBytes.Equal(current.ProfileHash, _options.Profile.Hash)
            || (Vault.Current.Accepted.IsFilling && age >= s_leastInterval);
    }

    private static void CheckArguments(DeviceIdentity identity, PreKeyOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
    }
}
