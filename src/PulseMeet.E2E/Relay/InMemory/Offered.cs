namespace PulseMeet.E2E.Relay;

/// <summary>What each user has offered in <see cref="InMemoryRelay"/> and is kept: candidates and group infos, with the trees that they
/// name. docs/protocol-relay.md, "Groups".</summary>
internal sealed class Offered
{
    private readonly Dictionary<string, (int Items, long Bytes)> _kept = [];

    /// <param name="userId">Who offers.</param>
    /// <param name="more">What would be kept besides; below zero where more goes than comes.</param>
    /// <exception cref="E2EException">Over a bound (<see cref="E2EError.LimitExceeded"/>).</exception>
    public void Check(string userId, (int Items, long Bytes) more)
    {
        (int items, long bytes) = _kept.GetValueOrDefault(userId);
        RelayRequest.IsWithin(items + more.Items, RelayLimits.MaxOffers);
        RelayRequest.IsWithin(bytes + more.Bytes, RelayLimits.MaxOfferBytes);
    }

    public void Add(string userId, long bytes) => Change(userId, 1, bytes);

    public void Drop(string userId, long bytes) => Change(userId, -1, -bytes);

    private void Change(string userId, int items, long bytes)
    {
        (int Items, long Bytes) kept = _kept.GetValueOrDefault(userId);
        kept = (kept.Items + items, kept.Bytes + bytes);
        if (kept.Items == 0)
        {
            _kept.Remove(userId);
        }
        else
        {
            _kept[userId] = kept;
        }
    }
}
