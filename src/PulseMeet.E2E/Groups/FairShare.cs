namespace PulseMeet.E2E.Groups;

/// <summary>Who gives way where there is no room, so that no account keeps another's out.</summary>
internal static class FairShare
{
    /// <summary>Takes out what is too much: what is no account's first, then the longest there of the account that has most.</summary>
    /// <param name="items">In the order in which they came.</param>
    /// <param name="most">How many may be there.</param>
    /// <param name="account">Whose an item is; null where nobody can tell.</param>
    public static void Keep<T>(List<T> items, int most, Func<T, string?> account)
    {
        while (items.Count > most)
        {
            items.Remove(items.GroupBy(account).MaxBy(share => share.Key is null ? int.MaxValue : share.Count())!.First());
        }
    }
}
