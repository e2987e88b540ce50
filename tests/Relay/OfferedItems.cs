using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Relay;

/// <summary>The bound of what one user may have offered, filled up to the last item, on any relay.</summary>
internal static class OfferedItems
{
    /// <summary>Mallory offers as much as is kept of one user, in as many groups: a candidate and a group info each. One more is refused, also in a
    /// group that is there, and nobody else's is.</summary>
    public static async Task AreBoundedAsync(IE2ERelayServer server)
    {
        const int Each = 2;
        await Users.ListAsync(server, "mallory", ["phone", "laptop"]);
        await Users.ListAsync(server, "alice", ["phone"]);
        byte[][] groups = [.. Enumerable.Range(0, RelayLimits.MaxOffers / Each).Select(_ => Users.Id())];
        await Parallel.ForEachAsync(groups, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (group, _) =>
            Assert.Equal(0, await OfferAsync(server, "mallory", "phone", group, info: [1])));

        Assert.Equal(E2EError.LimitExceeded, await RefusedAsync("phone", Users.Id()));
        Assert.Equal(E2EError.LimitExceeded, await RefusedAsync("laptop", Users.Id()));
        Assert.Equal(E2EError.LimitExceeded, await RefusedAsync("phone", groups[0]));
        Assert.Equal(0, await OfferAsync(server, "alice", "phone", Users.Id(), info: [1]));

        async Task<E2EError> RefusedAsync(string device, byte[] group) => (await Assert.ThrowsAsync<E2EException>(
            () => OfferAsync(server, "mallory", device, group, info: []))).Reason;
    }

    private static Task<int> OfferAsync(IE2ERelayServer server, string user, string device, byte[] group, byte[] info) =>
        server.Connect(new(user, device)).OfferCommitAsync(new(group, 0, Users.Id(), new byte[] { 1 }, [], [], info, default));
}
