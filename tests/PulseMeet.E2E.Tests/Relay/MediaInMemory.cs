using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Relay;

/// <summary>docs/protocol-relay.md, "Media", by the store in memory: what its own size and clock add to the conformance
/// suite.</summary>
public sealed class MediaInMemory
{
    private static readonly byte[] s_id = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];

    private readonly ManualClock _clock = new();

    [Fact]
    public async Task An_upload_in_pieces_is_read_in_any_ranges_once_it_is_whole()
    {
        var store = new InMemoryMediaStore(_clock);
        byte[] file = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 7))];
        Assert.Equal(0, await store.BeginPutAsync(s_id, file.Length));
        for (int offset = 0; offset < file.Length; offset += 130)
        {
            Assert.Null(await store.GetLengthAsync(s_id));
            Assert.Equal(offset, await store.BeginPutAsync(s_id, file.Length));
            int end = Math.Min(offset + 130, file.Length);
            Assert.Equal(end, await store.PutAsync(s_id, offset, file.AsMemory(offset..end)));
        }

        Assert.Equal(1000, await store.GetLengthAsync(s_id));
        for (int offset = 0; offset <= file.Length; offset += 37)
        {
            byte[] range = new byte[200];
            int read = await store.GetAsync(s_id, offset, range);
            Assert.Equal(file.AsSpan(offset, Math.Min(200, file.Length - offset)), range.AsSpan(0, read));
        }

        Assert.Equal(0, await store.GetAsync(s_id, long.MaxValue, new byte[1]));
    }

    [Fact]
    public async Task Announced_bytes_count_towards_the_quota_until_the_file_is_deleted_or_never_finished()
    {
        var store = new InMemoryMediaStore(_clock, quota: 100);
        IMediaStore alice = store.Connect("alice");
        await alice.BeginPutAsync(s_id, 100);
        byte[] other = new byte[16];
        await AssertReason(E2EError.LimitExceeded, alice.BeginPutAsync(other, 1));
        Assert.Equal(0, await store.Connect("bob").BeginPutAsync(other, 100));
        await alice.DeleteAsync(s_id);
        Assert.Equal(0, await alice.BeginPutAsync(s_id, 100));
        _clock.Advance(RelayLimits.MaxEnvelopeAge);
        await store.CleanUpAsync();
        Assert.Equal(0, await alice.BeginPutAsync(other, 100));
    }

    [Fact]
    public async Task An_upload_that_was_not_finished_in_time_is_gone_also_before_anybody_cleaned_up()
    {
        var store = new InMemoryMediaStore(_clock);
        await store.BeginPutAsync(s_id, 2);
        await store.PutAsync(s_id, 0, new byte[1]);
        _clock.Advance(RelayLimits.MaxEnvelopeAge);
        await AssertReason(E2EError.UnknownMedia, store.PutAsync(s_id, 1, new byte[1]));
    }

    [Fact]
    public async Task An_announcement_of_any_size_takes_no_memory()
    {
        var store = new InMemoryMediaStore(_clock, long.MaxValue);
        Assert.Equal(0, await store.BeginPutAsync(s_id, long.MaxValue));
        Assert.Equal(1, await store.PutAsync(s_id, 0, new byte[1]));
    }

    private static async Task AssertReason(E2EError reason, Task task) =>
        Assert.Equal(reason, (await Assert.ThrowsAsync<E2EException>(() => task)).Reason);
}
