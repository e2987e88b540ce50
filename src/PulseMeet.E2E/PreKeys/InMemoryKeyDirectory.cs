using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.PreKeys;

/// <summary>A directory in this process's memory: for tests, samples and single-process servers. Thread-safe.</summary>
public sealed class InMemoryKeyDirectory : IKeyDirectory
{
    /// <summary>The most one-time prekeys of each kind that a device may have in store.</summary>
    public const int MaxOneTimePreKeys = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<string, Entry>> _users = [];
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
            DeviceCertificate certificate = publication.Certificate;
            Dictionary<string, Entry> devices = DevicesFor(certificate);
            Entry entry = devices.TryGetValue(certificate.Address.DeviceId, out Entry? known)
                && known.Publication.Certificate.IdentityKey == certificate.IdentityKey
                    ? known
                    : new Entry(publication);
            entry.Add(publication);
            devices[certificate.Address.DeviceId] = entry;
            _users[certificate.Address.UserId] = devices;
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
                _users.TryGetValue(userId, out Dictionary<string, Entry>? devices)
                    ? [.. devices.OrderBy(device => device.Key, StringComparer.Ordinal)
                        .Select(device => device.Value.Publication.Certificate)]
                    : []);
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

    /// <summary>The user's devices. A user has one account key: a device of another account cannot be slipped in under the
    /// user's name. A device that comes back with another identity key begins anew.</summary>
    private Dictionary<string, Entry> DevicesFor(DeviceCertificate certificate)
    {
        if (!_users.TryGetValue(certificate.Address.UserId, out Dictionary<string, Entry>? devices))
        {
            return [];
        }

        if (devices.Values.Any(device => device.Publication.Certificate.AccountKey != certificate.AccountKey))
        {
            throw new E2EException(E2EError.WrongIdentity, "The user is registered under another account key.");
        }

        return devices;
    }

    private Entry Find(DeviceAddress device) =>
        _users.TryGetValue(device.UserId, out Dictionary<string, Entry>? devices)
        && devices.TryGetValue(device.DeviceId, out Entry? entry)
            ? entry
            : throw new E2EException(E2EError.UnknownDevice);

    private sealed class Entry(PreKeyPublication publication)
    {
        private long _lastOneTimeId = -1;
        private long _lastOneTimeKemId = -1;

        public PreKeyPublication Publication { get; private set; } = publication;

        public Queue<OneTimePreKey> OneTime { get; } = new();

        public Queue<KemPreKey> OneTimeKem { get; } = new();

        public void Add(PreKeyPublication more)
        {
            if (OneTime.Count + more.OneTimePreKeys.Count > MaxOneTimePreKeys
                || OneTimeKem.Count + more.OneTimeKemPreKeys.Count > MaxOneTimePreKeys)
            {
                throw new E2EException(E2EError.LimitExceeded, "Too many one-time prekeys.");
            }

            Publication = more;
            foreach (OneTimePreKey preKey in more.OneTimePreKeys.Where(preKey => preKey.Id > _lastOneTimeId))
            {
                OneTime.Enqueue(preKey);
                _lastOneTimeId = preKey.Id;
            }

            foreach (KemPreKey preKey in more.OneTimeKemPreKeys.Where(preKey => preKey.Id > _lastOneTimeKemId))
            {
                OneTimeKem.Enqueue(preKey);
                _lastOneTimeKemId = preKey.Id;
            }
        }
    }
}
