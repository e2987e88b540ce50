using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A media store that keeps to no contract: whatever it throws or answers is a store that cannot be reached, makes nobody spin, and
/// gives nobody another file.</summary>
public sealed class AMediaStoreOutsideItsContract
{
    private const int Length = 3_300_000;

    private static readonly byte[] s_file = UploadsGoOn.File(Length);

    public static TheoryData<string, long> Answers => new()
    {
        { "begin", -1 }, { "begin", Length + 100_000 }, { "begin", long.MaxValue }, { "begin", long.MinValue },
        { "put", -1 }, { "put", 7 }, { "put", Length + 100_000 }, { "put", long.MaxValue }, { "put", long.MinValue },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Whatever_it_says_of_how_much_it_has_the_call_ends_and_the_next_one_goes_on(string call, long answer)
    {
        (World world, TwistedMedia media) = await OneAsync();
        await using World own = world;
        (Member alice, Member bob) = (world.Members[0], world.Members[1]);
        media.Begin = inner => call == "begin" ? Task.FromResult(answer) : inner();
        media.Put = (_, inner) => call == "put" && media.Parts == 2 ? Task.FromResult(answer) : inner();
        await UnavailableAsync(() => UploadsGoOn.SendAsync(alice, s_file));

        (media.Begin, media.Put) = (inner => inner(), (_, inner) => inner());
        await UploadsGoOn.SendAsync(alice, s_file);
        await AssertReadsAsync(world, bob);
    }

    [Fact]
    public async Task One_that_takes_nothing_makes_nobody_spin()
    {
        (World world, TwistedMedia media) = await OneAsync();
        await using World own = world;
        (Member alice, Member bob) = (world.Members[0], world.Members[1]);
        media.Put = (offset, _) => media.Parts > 1000 ? throw new InvalidOperationException("It spins.") : Task.FromResult(offset);
        Assert.Null((await UnavailableAsync(() => UploadsGoOn.SendAsync(alice, s_file))).InnerException);
        Assert.Equal(1, media.Parts);

        media.Put = (_, inner) => inner();
        await UploadsGoOn.SendAsync(alice, s_file);
        await AssertReadsAsync(world, bob);
    }

    [Theory]
    [MemberData(nameof(ForeignFailures.All), MemberType = typeof(ForeignFailures))]
    public async Task Whatever_it_throws_is_a_store_that_cannot_be_reached(Exception failure)
    {
        (World world, TwistedMedia media) = await OneAsync();
        await using World own = world;
        (Member alice, Member bob) = (world.Members[0], world.Members[1]);
        media.Begin = _ => throw failure;
        await Unavailable(() => UploadsGoOn.SendAsync(alice, s_file));
        media.Begin = inner => inner();
        media.Put = (_, _) => Task.FromException<long>(failure);
        await Unavailable(() => UploadsGoOn.SendAsync(alice, s_file));
        media.Put = (_, inner) => inner();
        await UploadsGoOn.SendAsync(alice, s_file);

        await world.SettleAsync(3);
        MediaReference reference = Assert.IsType<MediaContent>(Assert.Single(bob.Messages).Content).Reference;
        media.Measure = _ => throw failure;
        await Unavailable(() => bob.Client.OpenMediaAsync(reference));
        media.Measure = inner => inner();
        await using (Stream opened = await bob.Client.OpenMediaAsync(reference))
        {
            media.Get = (_, _) => throw failure;
            await Unavailable(async () => await opened.ReadExactlyAsync(new byte[100]));
            media.Get = (_, inner) => inner();
        }

        await AssertReadsAsync(world, bob);

        async Task Unavailable(Func<Task> call) => Assert.Same(failure, (await UnavailableAsync(call)).InnerException);
    }

    [Fact]
    public async Task Another_length_and_other_reads_than_were_asked_for_give_nobody_anything_but_the_file()
    {
        (World world, TwistedMedia media) = await OneAsync();
        await using World own = world;
        (Member alice, Member bob) = (world.Members[0], world.Members[1]);
        await UploadsGoOn.SendAsync(alice, s_file);
        await world.SettleAsync(3);
        MediaReference reference = Assert.IsType<MediaContent>(Assert.Single(bob.Messages).Content).Reference;
        foreach ((long? length, E2EError reason) in new (long?, E2EError)[]
        {
            (null, E2EError.UnknownMedia), (0, E2EError.RelayUnavailable), (-1, E2EError.RelayUnavailable), (long.MinValue, E2EError.RelayUnavailable),
            (1, E2EError.Truncated), (Length, E2EError.Truncated), (long.MaxValue, E2EError.InvalidEncoding),
        })
        {
            media.Measure = _ => Task.FromResult(length);
            Assert.Equal(reason, (await Assert.ThrowsAsync<E2EException>(() => bob.Client.OpenMediaAsync(reference))).Reason);
        }

        media.Measure = inner => inner();
        foreach ((int read, E2EError reason) in new[]
        {
            (0, E2EError.Truncated), (-1, E2EError.RelayUnavailable), (int.MaxValue, E2EError.RelayUnavailable), (int.MinValue, E2EError.RelayUnavailable),
        })
        {
            media.Get = (_, _) => Task.FromResult(read);
            Assert.Equal(reason, (await Assert.ThrowsAsync<E2EException>(() => bob.Client.OpenMediaAsync(reference))).Reason);
        }

        media.Get = (_, inner) => inner();
        await AssertReadsAsync(world, bob);
    }

    [Fact]
    public async Task A_cancelled_call_is_cancelled_and_not_a_store_that_cannot_be_reached()
    {
        (World world, TwistedMedia media) = await OneAsync();
        await using World own = world;
        using var cancel = new CancellationTokenSource();
        media.Put = (_, inner) =>
        {
            cancel.Cancel();
            return inner();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.Members[0].Client.SendFileAsync(
            "bob", new MemoryStream(s_file), new FileDetails("film.bin", "application/octet-stream"), cancellationToken: cancel.Token));
    }

    [Theory]
    [InlineData("begin")]
    [InlineData("put")]
    [InlineData("measure")]
    public async Task A_call_ends_with_its_token_though_the_store_never_looks_at_it(string call)
    {
        (World world, TwistedMedia media) = await OneAsync();
        await using World own = world;
        (Member alice, Member bob) = (world.Members[0], world.Members[1]);
        if (call == "measure")
        {
            await UploadsGoOn.SendAsync(alice, s_file);
            await world.SettleAsync(3);
        }

        media.Begin = inner => call == "begin" ? new TaskCompletionSource<long>().Task : inner();
        media.Put = (_, inner) => call == "put" ? new TaskCompletionSource<long>().Task : inner();
        media.Measure = inner => call == "measure" ? new TaskCompletionSource<long?>().Task : inner();
        using var cancel = new CancellationTokenSource();
        Task asking = call == "measure"
            ? bob.Client.OpenMediaAsync(Assert.IsType<MediaContent>(Assert.Single(bob.Messages).Content).Reference, cancel.Token)
            : alice.Client.SendFileAsync(
                "bob", new MemoryStream(s_file), new FileDetails("film.bin", "application/octet-stream"), cancellationToken: cancel.Token);
        Assert.False(asking.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    private static async Task<(World World, TwistedMedia Media)> OneAsync()
    {
        var world = new World();
        TwistedMedia? media = null;
        world.ThroughMedia = inner => media ??= new TwistedMedia(inner);
        _ = await world.FriendsAsync();
        return (world, media!);
    }

    private static async Task<E2EException> UnavailableAsync(Func<Task> call)
    {
        E2EException refused = await Assert.ThrowsAsync<E2EException>(call);
        Assert.Equal(E2EError.RelayUnavailable, refused.Reason);
        return refused;
    }

    private static async Task AssertReadsAsync(World world, Member bob)
    {
        await world.SettleAsync(3);
        MediaContent content = Assert.IsType<MediaContent>(Assert.Single(bob.Messages).Content);
        Assert.Equal(s_file, await UploadsGoOn.ReadAsync(bob, content.Reference));
    }
}
