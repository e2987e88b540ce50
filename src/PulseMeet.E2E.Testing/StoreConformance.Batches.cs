using PulseMeet.E2E.Storage;
using static PulseMeet.E2E.Testing.StoreTrial;

#pragma warning disable CA1861 // Each check makes its arrays anew: stores may keep what they are given.

namespace PulseMeet.E2E.Testing;

/// <content>Batches, whole or not at all.</content>
public sealed partial class StoreConformance
{
    private static async Task Revisions(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        for (int i = 0; i < 5; i++)
        {
            await store.CommitAsync(lease, i, i % 2 == 0 ? [Put(1, [1], Value(i))] : []).ConfigureAwait(false);
        }

        await store.ReleaseAsync(lease).ConfigureAwait(false);
        StoreLease next = await TakeAsync(store).ConfigureAwait(false);
        Expect(next.Revision == 5, $"After five batches the revision is {next.Revision}.");
    }

    private static async Task Conflict(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        await store.CommitAsync(lease, 0, [Put(1, [1], [1])]).ConfigureAwait(false);
        foreach (long other in new long[] { 0, 2, -1, long.MaxValue })
        {
            await ExpectAsync(
                E2EError.StoreConflict,
                async () => await store.CommitAsync(lease, other, [Put(1, [1], [2]), Put(1, [2], [2])]).ConfigureAwait(false),
                $"A batch on revision {other} of a store at 1 is no conflict.").ConfigureAwait(false);
        }

        await ExpectAsync(store, 1, [1], [1], "A conflict wrote something.").ConfigureAwait(false);
        await ExpectAsync(store, 1, [2], null, "A conflict wrote something.").ConfigureAwait(false);
        await store.CommitAsync(lease, 1, []).ConfigureAwait(false);
    }

    private static async Task Arguments(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        StoreChange good = Put(1, [5], [5]);
        foreach ((StoreChange[] batch, string what) in new (StoreChange[], string)[]
        {
            ([good, Put(1, [1], [1]), Put(1, [1], [2])], "a key twice"), ([good, new StoreChange(1, new byte[] { 5 }, null)], "a key put and deleted"),
            ([good, Put(1, [], [1])], "an empty key"), ([good, Put(1, new byte[256], [1])], "a key of 256 bytes"),
            ([good, Put(1, [1], new byte[StoreLimits.MaxValueSize + 1])], "a value above 16 MiB"),
        })
        {
            await ExpectAsync<ArgumentException>(
                async () => await store.CommitAsync(lease, 0, batch).ConfigureAwait(false), $"Taken: {what}.").ConfigureAwait(false);
        }

        await ExpectAsync<ArgumentException>(async () => await store.ReadAsync(1, default).ConfigureAwait(false), "An empty key is read.").ConfigureAwait(false);
        await ExpectAsync<ArgumentException>(() => store.AcquireAsync(string.Empty, handover: true), "An owner without a name is taken.").ConfigureAwait(false);
        await ExpectAsync(store, 1, [5], null, "A refused batch wrote something.").ConfigureAwait(false);
        await store.CommitAsync(lease, 0, [good]).ConfigureAwait(false);
    }

    private static async Task Cancelled(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        await ExpectAsync<OperationCanceledException>(
            async () => await store.CommitAsync(lease, 0, [Put(1, [1], [1])], new CancellationToken(canceled: true)).ConfigureAwait(false),
            "A cancelled batch is not refused as cancelled.").ConfigureAwait(false);
        await ExpectAsync(store, 1, [1], null, "A cancelled batch was written.").ConfigureAwait(false);
        await store.CommitAsync(lease, 0, []).ConfigureAwait(false);
    }

    private static async Task Race(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        for (int round = 0; round < 10; round++)
        {
            int revision = round;
            bool[] won = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
            {
                try
                {
                    await store.CommitAsync(lease, revision, [Put(1, [1], Value(i)), Put(2, [1], Value(i))]).ConfigureAwait(false);
                    return true;
                }
                catch (E2EException e) when (e.Reason == E2EError.StoreConflict)
                {
                    return false;
                }
            }))).ConfigureAwait(false);
            Expect(won.Count(one => one) == 1, $"{won.Count(one => one)} of 8 batches on one revision were written.");
            byte[] winner = Value(Array.IndexOf(won, true));
            await ExpectAsync(store, 1, [1], winner, "Another batch's value than the winner's.").ConfigureAwait(false);
            await ExpectAsync(store, 2, [1], winner, "Another batch's value than the winner's.").ConfigureAwait(false);
        }
    }

    private static async Task WholeBatches(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        await store.CommitAsync(lease, 0, [Put(1, [1], Value(0)), Put(1, [2], Value(0))]).ConfigureAwait(false);
        using var end = new CancellationTokenSource();
        CancellationToken ended = end.Token;
        Task[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                IReadOnlyList<StoreRecord> both = await store.ScanAsync(1, default, default, 2).ConfigureAwait(false);
                Expect(both.Count == 2 && both[0].Value.Span.IndexOf(both[1].Value.Span) == 0, "A scan sees half a batch.");
            }
        }))];
        for (int i = 1; i < 100; i++)
        {
            await store.CommitAsync(lease, i, [Put(1, [1], Value(i)), Put(1, [2], Value(i))]).ConfigureAwait(false);
        }

        await end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(readers).ConfigureAwait(false);
    }

    private static async Task Reopened(StoreTrial trial)
    {
        IE2EStore first = trial.Open();
        StoreLease lease = await TakeAsync(first).ConfigureAwait(false);
        await first.CommitAsync(lease, 0, [Put(1, [1], [1])]).ConfigureAwait(false);
        await first.CommitAsync(lease, 1, [Put(1, [2], [2])]).ConfigureAwait(false);
        await first.DisposeAsync().ConfigureAwait(false);

        IE2EStore second = trial.Open();
        StoreLease next = await TakeAsync(second).ConfigureAwait(false);
        Expect(next.Revision == 2, $"The revision is {next.Revision}, not 2.");
        Expect(next.Generation > lease.Generation, "The generation did not rise.");
        await ExpectAsync(second, 1, [1], [1], "A record is gone.").ConfigureAwait(false);
        await ExpectAsync(second, 1, [2], [2], "A record is gone.").ConfigureAwait(false);
    }
}
