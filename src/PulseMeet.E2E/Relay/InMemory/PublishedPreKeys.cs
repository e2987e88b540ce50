using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.Relay;

/// <summary>A device's certificate, signed pair and one-time pairs in <see cref="InMemoryRelay"/>, as encoded.</summary>
internal sealed class PublishedPreKeys
{
    private readonly SortedDictionary<uint, byte[]> _left = [];

    /// <summary>The ids of this generation that were ever taken: each is handed out once.</summary>
    private readonly HashSet<uint> _taken = [];

    private PreKeyPublication? _newest;

    public int Left => _left.Count;

    /// <summary>Of the certificate and the signed pair; empty where none are published.</summary>
    public ReadOnlyMemory<byte> Hash => _newest is null ? ReadOnlyMemory<byte>.Empty : _newest.Hash;

    /// <summary>Takes a verified publication. A signed pair with a greater id begins a generation; one with a smaller id changes
    /// nothing. Gives how many one-time pairs are left.</summary>
    /// <exception cref="E2EException">More one-time pairs than the bound in all (<see cref="E2EError.LimitExceeded"/>); nothing
    /// was taken.</exception>
    public int Add(PreKeyPublication publication)
    {
        uint? generation = _newest?.SignedPair.Id;
        if (publication.SignedPair.Id < generation)
        {
            return Left;
        }

        bool begins = publication.SignedPair.Id != generation;
        OneTimePreKeyPair[] added = [.. publication.OneTimePairs.Where(pair => begins || !_taken.Contains(pair.Id))];
        RelayRequest.IsWithin((begins ? 0 : Left) + added.Length, RelayLimits.MaxOneTimePairs);
        if (begins)
        {
            _left.Clear();
            _taken.Clear();
        }

        // The same pair again may come with a renewed certificate, and late with the one before.
        if (_newest is null || begins || publication.Certificate.NotAfter >= _newest.Certificate.NotAfter)
        {
            _newest = publication;
        }

        foreach (OneTimePreKeyPair pair in added)
        {
            _taken.Add(pair.Id);
            _left.Add(pair.Id, pair.Encode());
        }

        return Left;
    }

    /// <summary>A bundle with the one-time pair of the smallest id, which is then gone; null where nothing is
    /// published.</summary>
    public byte[]? Claim()
    {
        if (_newest is null)
        {
            return null;
        }

        byte[] oneTimePair = [];
        if (_left.Count > 0)
        {
            (uint id, oneTimePair) = _left.First();
            _left.Remove(id);
        }

        return PreKeyBundle.Assemble(_newest.Certificate.Encode(), _newest.SignedPair.Encode(), oneTimePair);
    }
}
