using PulseMeet.E2E.Storage;
using static PulseMeet.E2E.Testing.StoreTrial;

#pragma warning disable CA1861 // Each check makes its arrays anew: stores may keep what they are given.

namespace PulseMeet.E2E.Testing;

/// <content>One holder at a time.</content>
public sealed partial class StoreConformance
{
    private static async Task SecondLease(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        IE2EStore other = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        await ExpectAsync(E2EError.StoreInUse, () => TakeAsync(other), "A second lease is given.").ConfigureAwait(false);
        await ExpectAsync(E2EError.StoreInUse, () => TakeAsync(store), "A second lease is given by the same object.").ConfigureAwait(false);
        Expect(!lease.Lost.IsCancellationRequested, "The first lease was lost by a request that was refused.");
        await store.CommitAsync(lease, 0, [Put(1, [1], [1])]).ConfigureAwait(false);
    }

    private static async Task Released(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        await store.ReleaseAsync(lease).ConfigureAwait(false);
        Expect(lease.Lost.IsCancellationRequested, "A lease that was given back is not lost.");
        await ExpectRefusedAsync(store, lease, 0).ConfigureAwait(false);
        IE2EStore other = trial.Open();
        StoreLease next = await TakeAsync(other).ConfigureAwait(false);
        Expect(next.Generation > lease.Generation, "The generation did not rise.");
        await ExpectRefusedAsync(store, lease, 0).ConfigureAwait(false);
        await other.CommitAsync(next, 0, [Put(1, [1], [1])]).ConfigureAwait(false);
    }

    private static async Task Handover(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        IE2EStore other = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        await store.CommitAsync(lease, 0, [Put(1, [1], [1])]).ConfigureAwait(false);

        StoreLease next = await TakeAsync(other, handover: true).ConfigureAwait(false);
        Expect(next.Revision == 1 && next.Generation > lease.Generation, "The new lease has not what the old one wrote, or is no later one.");
        for (int i = 0; i < 500 && !lease.Lost.IsCancellationRequested; i++)
        {
            await Task.Delay(10).ConfigureAwait(false);
        }

        Expect(lease.Lost.IsCancellationRequested, "The former holder was not told within five seconds.");
        await ExpectRefusedAsync(store, lease, 1).ConfigureAwait(false);
        await other.CommitAsync(next, 1, [Put(1, [2], [2])]).ConfigureAwait(false);
        await ExpectAsync(other, 1, [9], null, "The former holder wrote.").ConfigureAwait(false);

        StoreLease third = await TakeAsync(store, handover: true).ConfigureAwait(false);
        Expect(third.Revision == 2, "What was handed over cannot be handed back.");
        await store.CommitAsync(third, 2, []).ConfigureAwait(false);
    }

    private static async Task LateRelease(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        IE2EStore other = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        StoreLease next = await TakeAsync(other, handover: true).ConfigureAwait(false);
        await store.ReleaseAsync(lease).ConfigureAwait(false);
        await other.CommitAsync(next, 0, [Put(1, [1], [1])]).ConfigureAwait(false);
        Expect(!next.Lost.IsCancellationRequested, "A lease was lost when another one was given back.");
    }

    private static async Task Disposed(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        await store.DisposeAsync().ConfigureAwait(false);
        Expect(lease.Lost.IsCancellationRequested, "A lease outlives its store.");
        IE2EStore other = trial.Open();
        StoreLease next = await TakeAsync(other).ConfigureAwait(false);
        await other.CommitAsync(next, 0, []).ConfigureAwait(false);
    }

    private static async Task ReadingWithoutLease(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        await store.CommitAsync(lease, 0, [Put(1, [1], [1])]).ConfigureAwait(false);
        IE2EStore other = trial.Open();
        await ExpectAsync(other, 1, [1], [1], "Without a lease nothing is read.").ConfigureAwait(false);
        await store.CommitAsync(lease, 1, [Put(1, [1], [2])]).ConfigureAwait(false);
        await ExpectAsync(other, 1, [1], [2], "Without a lease something old is read.").ConfigureAwait(false);
        Expect((await other.ScanAsync(1, default, default, 5).ConfigureAwait(false)).Count == 1, "Without a lease nothing is scanned.");
    }

    private static async Task Wiped(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        for (int i = 0; i < 3; i++)
        {
            await store.CommitAsync(lease, i, [Put(1, [(byte)i], Value(i)), Put(2, [(byte)i], Value(i))]).ConfigureAwait(false);
        }

        await store.WipeAsync(lease).ConfigureAwait(false);
        await ExpectAsync(store, 1, [1], null, "A record is left.").ConfigureAwait(false);
        Expect((await store.ScanAsync(2, default, default, 5).ConfigureAwait(false)).Count == 0, "Records are left.");
        await store.CommitAsync(lease, 0, [Put(1, [9], [9])]).ConfigureAwait(false);
        await store.ReleaseAsync(lease).ConfigureAwait(false);
        Expect((await TakeAsync(store).ConfigureAwait(false)).Revision == 1, "The revision does not begin again at 0.");
    }

    private static async Task WipeWithoutLease(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        IE2EStore other = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        await store.CommitAsync(lease, 0, [Put(1, [1], [1])]).ConfigureAwait(false);
        StoreLease next = await TakeAsync(other, handover: true).ConfigureAwait(false);
        await ExpectAsync(E2EError.StoreInUse, () => store.WipeAsync(lease), "Somebody wiped a store that was no longer his.").ConfigureAwait(false);
        await ExpectAsync(other, 1, [1], [1], "A record is gone.").ConfigureAwait(false);
        await other.CommitAsync(next, 1, []).ConfigureAwait(false);
    }

    private static Task ExpectRefusedAsync(IE2EStore store, StoreLease lease, long revision) => ExpectAsync(
        E2EError.StoreInUse,
        async () => await store.CommitAsync(lease, revision, [Put(1, [9], [9])]).ConfigureAwait(false),
        "A batch under a lease that was lost is not refused.");
}
