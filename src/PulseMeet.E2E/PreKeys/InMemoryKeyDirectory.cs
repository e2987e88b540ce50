using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.PreKeys;

/// <summary>A directory in this process's memory: for tests, samples and single-process servers. Thread-safe.</summary>
public sealed class InMemoryKeyDirectory : IKeyDirectory
{
    /// <summary>The most one-time pairs that a device may have in store.</summary>
    public const int MaxOneTimePairs = 1000;

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
            _ = entry.OneTimePairs.TryDequeue(out OneTimePreKeyPair? oneTimePair);
            SignedPreKeyPair signedPair = entry.Publication.SignedPair;
            return Task.FromResult(new PreKeyBundle(
                entry.Publication.Certificate,
                oneTimePair is null ? signedPair : signedPair.WithoutKemKey(),
                oneTimePair));
        }
    }

    /// <inheritdoc/>
    public Task<DirectoryState> GetStateAsync(DeviceAddress device, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            Entry entry = Find(device);
            return Task.FromResult(new DirectoryState(entry.OneTimePairs.Count, entry.Publication.Hash));
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
        private uint _lastId;

        public PreKeyPublication Publication { get; private set; } = publication;

        public Queue<OneTimePreKeyPair> OneTimePairs { get; } = new();

        public void Add(PreKeyPublication more)
        {
            bool isNewer = more.SignedPair.Id > Publication.SignedPair.Id;
            if ((isNewer ? 0 : OneTimePairs.Count) + more.OneTimePairs.Count > MaxOneTimePairs)
            {
                throw new E2EException(E2EError.LimitExceeded, "Too many one-time prekey pairs.");
            }

            if (more.SignedPair.Id < Publication.SignedPair.Id)
            {
                return;
            }

            if (isNewer)
            {
                OneTimePairs.Clear();
            }

            // The same pair again may come with a renewed certificate, and late with the one before.
            if (isNewer || more.Certificate.NotAfter >= Publication.Certificate.NotAfter)
            {
                Publication = more;
            }

            foreach (OneTimePreKeyPair pair in more.OneTimePairs.Where(pair => pair.Id > _lastId))
            {
                OneTimePairs.Enqueue(pair);
                _lastId = pair.Id;
            }
        }
    }
}
