using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Handshake;

/// <summary>A directory in this process's memory: for tests, samples and single-process servers. Thread-safe.</summary>
public sealed class InMemoryKeyDirectory : IKeyDirectory
{
    /// <summary>The most one-time prekeys of each kind that a device may have in store.</summary>
    public const int MaxOneTimePreKeys = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<DeviceAddress, Entry> _entries = [];
    private readonly TimeProvider _time;

    /// <param name="time">The clock that certificates are checked against.</param>
    public InMemoryKeyDirectory(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
    }

    /// <inheritdoc/>
    public Task PublishAsync(PreKeyPublication publication, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publication);
        cancellationToken.ThrowIfCancellationRequested();
        publication.Verify(_time.GetUtcNow());
        lock (_lock)
        {
            CheckAccount(publication.Certificate);
            DeviceAddress address = publication.Certificate.Address;
            Entry entry = _entries.TryGetValue(address, out Entry? known)
                && known.Publication.Certificate.IdentityKey == publication.Certificate.IdentityKey
                    ? known
                    : new Entry(publication);
            if (entry.OneTime.Count + publication.OneTimePreKeys.Count > MaxOneTimePreKeys
                || entry.OneTimeKem.Count + publication.OneTimeKemPreKeys.Count > MaxOneTimePreKeys)
            {
                throw new E2EException(E2EError.LimitExceeded, "Too many one-time prekeys.");
            }

            entry.Publication = publication;
            entry.Add(publication);
            _entries[address] = entry;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<DeviceCertificate>> FetchDevicesAsync(
        string userId, CancellationToken cancellationToken = default)
    {
        Argument.IsText(userId, DeviceAddress.MaxIdSize);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<DeviceCertificate>>(
                [.. CertificatesOf(userId).OrderBy(certificate => certificate.Address.DeviceId, StringComparer.Ordinal)]);
        }
    }

    /// <inheritdoc/>
    public Task<PreKeyBundle> ClaimBundleAsync(DeviceAddress device, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            Entry entry = Find(device);
            KemPreKey kem = entry.OneTimeKem.TryDequeue(out KemPreKey? oneTimeKem)
                ? oneTimeKem
                : entry.Publication.LastResortPreKey;
            _ = entry.OneTime.TryDequeue(out OneTimePreKey? oneTime);
            return Task.FromResult(
                new PreKeyBundle(entry.Publication.Certificate, entry.Publication.SignedPreKey, kem, oneTime));
        }
    }

    /// <inheritdoc/>
    public Task<OneTimePreKeyCount> CountOneTimePreKeysAsync(
        DeviceAddress device, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            Entry entry = Find(device);
            return Task.FromResult(new OneTimePreKeyCount(entry.OneTime.Count, entry.OneTimeKem.Count));
        }
    }

    /// <summary>A user has one account key: a device of another account cannot be slipped in under the user's name.</summary>
    private void CheckAccount(DeviceCertificate certificate)
    {
        if (CertificatesOf(certificate.Address.UserId).Any(known => known.AccountKey != certificate.AccountKey))
        {
            throw new E2EException(E2EError.WrongIdentity, "The user is registered under another account key.");
        }
    }

    private IEnumerable<DeviceCertificate> CertificatesOf(string userId) =>
        from entry in _entries
        where entry.Key.UserId == userId
        select entry.Value.Publication.Certificate;

    private Entry Find(DeviceAddress device) =>
        _entries.TryGetValue(device, out Entry? entry) ? entry : throw new E2EException(E2EError.UnknownDevice);

    private sealed class Entry(PreKeyPublication publication)
    {
        public PreKeyPublication Publication { get; set; } = publication;

        public Queue<OneTimePreKey> OneTime { get; } = new();

        public Queue<KemPreKey> OneTimeKem { get; } = new();

        public void Add(PreKeyPublication more)
        {
            foreach (OneTimePreKey preKey in more.OneTimePreKeys)
            {
                OneTime.Enqueue(preKey);
            }

            foreach (KemPreKey preKey in more.OneTimeKemPreKeys)
            {
                OneTimeKem.Enqueue(preKey);
            }
        }
    }
}
