using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Relay;

/// <summary>A device's MLS key packages in <see cref="InMemoryRelay"/>. The relay does not read them.</summary>
internal sealed class PublishedKeyPackages
{
    private readonly Queue<byte[]> _left = new();

    /// <summary>The hashes of all that were ever taken: each is handed out once.</summary>
    private readonly HashSet<BytesKey> _taken = [];

    private byte[]? _lastResort;

    public int Left => _left.Count;

    /// <exception cref="E2EException">More than the bound in all (<see cref="E2EError.LimitExceeded"/>); none was taken.</exception>
    public void Add(IReadOnlyList<byte[]> keyPackages, byte[] lastResort)
    {
        List<(BytesKey Hash, byte[] Package)> added = [];
        HashSet<BytesKey> hashes = [];
        foreach (byte[] keyPackage in keyPackages)
        {
            var hash = new BytesKey(Sha256.Hash(keyPackage));
            if (!_taken.Contains(hash) && hashes.Add(hash))
            {
                added.Add((hash, keyPackage));
            }
        }

        RelayRequest.IsWithin(_left.Count + added.Count, RelayLimits.MaxOneTimePairs);
        foreach ((BytesKey hash, byte[] keyPackage) in added)
        {
            _taken.Add(hash);
            _left.Enqueue(keyPackage);
        }

        if (lastResort.Length > 0)
        {
            _lastResort = lastResort;
        }
    }

    /// <summary>The one that came first, or the last-resort one, which stays; null where there is none.</summary>
    public byte[]? Claim() => _left.TryDequeue(out byte[]? keyPackage) ? keyPackage : _lastResort;
}
