using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The private side of what a device publishes: signed, last-resort and one-time prekeys, and the memory of which
/// first messages were accepted.</summary>
/// <remarks>
/// Thread-safe. Owns its keys. The app stores <see cref="Serialize"/> before it hands a publication to the directory and
/// after every accepted first message, so that a restart forgets neither. docs/protocol.md, "Prekeys".
/// </remarks>
public sealed class DevicePreKeys : IDisposable
{
    private static readonly TimeSpan s_clockTolerance = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly PreKeyVault _vault;
    private readonly DeviceIdentity _identity;
    private readonly PreKeyOptions _options;
    private readonly TimeProvider _time;
    private bool _isDisposed;

    private DevicePreKeys(PreKeyVault vault, DeviceIdentity identity, PreKeyOptions options, TimeProvider time)
    {
        _vault = vault;
        _identity = identity;
        _options = options;
        _time = time;
    }

    /// <summary>Makes the first prekeys of a new device.</summary>
    /// <param name="identity">The device; signs the prekeys. Not disposed; has to outlive this object.</param>
    /// <param name="options">How many prekeys and for how long.</param>
    /// <param name="time">The clock that rotation follows.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public static DevicePreKeys Create(DeviceIdentity identity, PreKeyOptions options, TimeProvider time)
    {
        CheckArguments(identity, options, time);
        var vault = new PreKeyVault();
        vault.AddCurrent(identity.SigningKey, time.GetUtcNow());
        return new(vault, identity, options, time);
    }

    /// <summary>Reads what <see cref="Serialize"/> wrote, in this or an earlier version.</summary>
    /// <param name="state">The serialised prekeys.</param>
    /// <param name="identity">The device. Not disposed; has to outlive this object.</param>
    /// <param name="options">How many prekeys and for how long.</param>
    /// <param name="time">The clock that rotation follows.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), of a later version
    /// (<see cref="E2EError.UnsupportedVersion"/>), or of another device (<see cref="E2EError.InvalidSignature"/>).</exception>
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
        lock (_lock)
        {
            return PreKeyVaultCodec.Write(_vault);
        }
    }

    /// <summary>Whether <see cref="Publish"/> has something to do: half of the one-time prekeys are gone, or the signed
    /// prekey is due for rotation.</summary>
    /// <param name="inDirectory">What the directory still has.</param>
    public bool IsPublicationDue(OneTimePreKeyCount inDirectory)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return IsRotationDue()
                || Math.Min(inDirectory.Curve, inDirectory.PostQuantum) < (_options.OneTimePreKeys + 1) / 2;
        }
    }

    /// <summary>Rotates what is due, drops what has been retired long enough, makes the one-time prekeys that the directory
    /// lacks, and gives all that to publish.</summary>
    /// <param name="inDirectory">What the directory still has; zero for a new device.</param>
    /// <returns>The publication. Store <see cref="Serialize"/> before handing it over.</returns>
    /// <exception cref="ObjectDisposedException">These prekeys, or the device's identity, are disposed.</exception>
    /// <exception cref="E2EException">The device has given its last prekey id (<see cref="E2EError.LimitExceeded"/>).</exception>
    /// <remarks>A failure retires nothing: what is held, and what <see cref="Serialize"/> gives, stays usable.</remarks>
    public PreKeyPublication Publish(OneTimePreKeyCount inDirectory)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            DateTimeOffset now = _time.GetUtcNow();
            if (IsRotationDue())
            {
                _vault.AddCurrent(_identity.SigningKey, now);
            }

            _vault.DropRetired(now, _options.RetirementPeriod);
            IReadOnlyList<OneTimePreKey> curve = _vault.AddOneTime(Lacking(inDirectory.Curve));
            IReadOnlyList<KemPreKey> postQuantum = _vault.AddOneTimeKem(
                Lacking(inDirectory.PostQuantum), _identity.SigningKey, now);
            return new(
                _identity.Certificate, _vault.Current.SignedPreKey, _vault.Current.LastResortPreKey, curve, postQuantum);
        }
    }

    /// <summary>Zeroes all private prekeys.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _vault.Dispose();
        }
    }

    /// <summary>Finds the prekeys that a first message names, and holds them until the use is disposed. They are used up, and
    /// the message remembered, only on <see cref="PreKeyUse.Commit"/>.</summary>
    /// <param name="names">The prekeys that the first message names.</param>
    /// <param name="ephemeralKey">The initiator's ephemeral key.</param>
    internal PreKeyUse BeginUse(PreKeyNames names, X25519PublicKey ephemeralKey) => new(this, names, ephemeralKey);

    /// <summary>What the directory lacks. Its count is not trusted: a negative one asks for no more than none at all.</summary>
    private int Lacking(int inDirectory) => _options.OneTimePreKeys - Math.Clamp(inDirectory, 0, _options.OneTimePreKeys);

    /// <summary>Also where the prekey is from the future: the clock was ahead and has been set back, and what is signed
    /// cannot be dated anew. Five minutes are taken for an adjustment.</summary>
    private bool IsRotationDue()
    {
        TimeSpan age = _time.GetUtcNow() - _vault.Current.CreatedAt;
        return age >= _options.RotationInterval || age < -s_clockTolerance;
    }

    private static void CheckArguments(DeviceIdentity identity, PreKeyOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
    }

    /// <summary>The prekeys of one first message, locked while the handshake is under way.</summary>
    internal readonly ref struct PreKeyUse
    {
        private readonly DevicePreKeys _preKeys;
        private readonly PreKeyNames _names;
        private readonly X25519PublicKey _ephemeralKey;
        private readonly Lock.Scope _scope;

        public PreKeyUse(DevicePreKeys preKeys, PreKeyNames names, X25519PublicKey ephemeralKey)
        {
            _preKeys = preKeys;
            _names = names;
            _ephemeralKey = ephemeralKey;
            _scope = preKeys._lock.EnterScope();
            try
            {
                preKeys._vault.DropRetired(preKeys._time.GetUtcNow(), preKeys._options.RetirementPeriod);
                Selected = preKeys._vault.Select(names, ephemeralKey);
            }
            catch
            {
                _scope.Dispose();
                throw;
            }
        }

        public PreKeyVault.Selection Selected { get; }

        public void Commit() => _preKeys._vault.MarkUsed(_names, _ephemeralKey);

        public void Dispose() => _scope.Dispose();
    }
}
