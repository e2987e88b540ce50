using System.Reflection;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A relay that keeps to no contract: whatever it throws, gives or leaves undone is a relay that cannot be reached, ends nobody's
/// loop, and makes nobody spin.</summary>
public sealed class ARelayOutsideItsContract
{
    [Theory]
    [MemberData(nameof(ForeignFailures.All), MemberType = typeof(ForeignFailures))]
    public async Task Whatever_a_call_throws_at_once_or_later_is_a_relay_that_cannot_be_reached(Exception failure)
    {
        foreach (MethodInfo call in Calls())
        {
            E2EException at = await Assert.ThrowsAsync<E2EException>(() => AskAsync(call, (_, _) => throw failure));
            Assert.Equal(E2EError.RelayUnavailable, at.Reason);
            E2EException later = await Assert.ThrowsAsync<E2EException>(() => AskAsync(call, (method, _) => Failed(method, failure)));
            Assert.Equal(E2EError.RelayUnavailable, later.Reason);
            Assert.Same(failure, later.InnerException);
        }
    }

    [Fact]
    public async Task What_the_contract_allows_a_relay_to_refuse_comes_through()
    {
        foreach (MethodInfo call in Calls())
        {
            E2EException refused = await Assert.ThrowsAsync<E2EException>(
                () => AskAsync(call, (method, _) => Failed(method, new E2EException(E2EError.LimitExceeded))));
            Assert.Equal(E2EError.LimitExceeded, refused.Reason);
        }
    }

    [Fact]
    public async Task No_task_at_all_is_no_answer()
    {
        foreach (MethodInfo call in Calls())
        {
            Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => AskAsync(call, (_, _) => null))).Reason);
        }
    }

    public static TheoryData<string, object?> Shapes => new()
    {
        { "PublishPreKeysAsync", -1 },
        { "PublishKeyPackagesAsync", -1 },
        { "GetPreKeyStatusAsync", null },
        { "GetPreKeyStatusAsync", new PreKeyStatus(-1, 0, default) },
        { "GetPreKeyStatusAsync", new PreKeyStatus(0, -1, default) },
        { "ClaimBundlesAsync", null },
        { "ClaimBundlesAsync", new ClaimedBundles(default, null!) },
        { "ClaimKeyPackagesAsync", null },
        { "ClaimKeyPackagesAsync", new ClaimedBundles(default, null!) },
        { "DeliverAsync", null },
        { "DeliverAsync", new[] { DeliveryOutcome.Accepted, (DeliveryOutcome)0 } },
        { "DeliverAsync", new[] { (DeliveryOutcome)99 } },
        { "ReceiveAsync", null },
        { "ReceiveAsync", new MailboxPage(null!, 0) },
        { "ReceiveAsync", new MailboxPage([null!], 0) },
        { "ReceiveAsync", new MailboxPage([new MailboxItem(1, MailboxItemKind.Envelope, null!, default, default, default, default)], 0) },
        { "OfferCommitAsync", -1 },
        { "GetCandidatesAsync", null },
        { "GetCandidatesAsync", new GroupCandidate[] { null! } },
        { "GetCandidatesAsync", new[] { new GroupCandidate(0, 0, null!, default) } },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task An_answer_of_another_shape_is_none(string name, object? answer)
    {
        MethodInfo call = Assert.Single(Calls(), method => method.Name == name);
        E2EException refused = await Assert.ThrowsAsync<E2EException>(() => AskAsync(call, (method, _) => Answer(method, answer)));
        Assert.Equal(E2EError.RelayUnavailable, refused.Reason);
    }

    [Fact]
    public async Task A_call_ends_with_its_token_though_the_relay_never_looks_at_it()
    {
        foreach (MethodInfo call in Calls())
        {
            using var token = new CancellationTokenSource();
            Task asking = AskAsync(call, (method, _) => Never(method), token.Token);
            Assert.False(asking.IsCompleted);
            await token.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        }
    }

    [Fact]
    public async Task What_a_relay_does_when_it_is_cancelled_is_not_the_business_of_whoever_cancels()
    {
        using var token = new CancellationTokenSource();
        var relay = new CheckedRelay(TwistedRelay.Around(
            new InMemoryRelay(TimeProvider.System).Connect(new("alice", "phone")),
            (call, _, arguments) =>
            {
                arguments.OfType<CancellationToken>().Single().Register(() => throw new InvalidOperationException("aborted twice"));
                return Never(call);
            }));
        Task asking = relay.GetDeviceListAsync("alice", token.Token);
        await token.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Theory]
    [InlineData(E2EError.LimitExceeded)]
    [InlineData(E2EError.NotAllowed)]
    public async Task A_first_message_whose_senders_list_the_relay_refuses_for_now_is_read_later(E2EError refusal)
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        Member carol = await world.SignUpAsync("carol");
        await carol.SayAsync("bob", "it is me");
        await carol.SyncAsync();
        bool refuses = true;
        world.Through = relay => TwistedRelay.Around(relay, (call, inner, arguments) =>
            refuses && call.Name == "GetDeviceListAsync" && arguments[0] is "carol"
                ? Task.FromException<byte[]?>(new E2EException(refusal))
                : inner());
        await bob.RestartAsync();
        await Assert.ThrowsAsync<E2EException>(() => bob.SyncAsync());
        refuses = false;
        await bob.SyncAsync();
        Assert.DoesNotContain(bob.Seen, seen => seen is MessageUnreadable);
        Assert.Contains(bob.Seen, seen => seen is MessageRequested { UserId: "carol" });
    }

    [Theory]
    [MemberData(nameof(ForeignFailures.All), MemberType = typeof(ForeignFailures))]
    public async Task The_loop_goes_on_after_whatever_the_relay_threw(Exception failure)
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        int failures = 0;
        world.Through = relay => TwistedRelay.Around(
            relay, (call, inner) => call.Name == "ReceiveAsync" && failures++ == 0 ? throw failure : inner());
        var clock = new TimersOfTheTest(world.Clock);
        world.ClientClock = clock;
        await bob.RestartAsync();
        await alice.SayAsync("bob", "after all");
        await alice.SyncAsync();
        await using IAsyncEnumerator<E2EEvent> events = bob.Client.ReadEventsAsync().GetAsyncEnumerator();
        Task<bool> next = events.MoveNextAsync().AsTask();
        Task<TimeSpan> pause = clock.PassAsync();
        await Task.WhenAny(pause, next);
        Assert.False(next.IsFaulted); // a loop that has ended makes no pause
        Assert.Equal(TimeSpan.FromSeconds(1), await pause);
        Assert.True(await next);
        Assert.IsType<MessageReceived>(events.Current);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public async Task A_relay_that_answers_at_once_with_nothing_is_asked_less_and_less_often(int gapDelay)
    {
        await using var world = new World { Configure = options => options.GapDelay = TimeSpan.FromSeconds(gapDelay) };
        Member alice = await world.SignUpAsync("alice");
        int asked = 0;
        world.Through = relay => TwistedRelay.Around(
            relay,
            (call, inner) =>
            {
                if (call.Name != "ReceiveAsync")
                {
                    return inner();
                }

                // One that is asked in a circle ends the circle, so that the test can say so.
                return ++asked < 100 ? Task.FromResult(new MailboxPage([], 0)) : throw new TimeoutException();
            });
        var clock = new TimersOfTheTest(world.Clock);
        world.ClientClock = clock;
        await alice.RestartAsync();
        using var ending = new CancellationTokenSource();
        await using IAsyncEnumerator<E2EEvent> events = alice.Client.ReadEventsAsync(ending.Token).GetAsyncEnumerator();
        ValueTask<bool> next = events.MoveNextAsync();
        for (int i = 0; i < 8; i++)
        {
            // The first round after an opening asks once more: which revision the relay was told.
            (TimeSpan due, Action pass) = await clock.SeeAsync();
            Assert.Equal(TimeSpan.FromSeconds(Math.Min(1 << i, 60)), due);
            Assert.Equal(i + 2, asked);
            pass();
        }

        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Fact]
    public async Task A_relay_that_gives_one_thing_under_ever_new_ids_ends_no_round_late_and_makes_no_loop_spin()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "again and again");
        await alice.SyncAsync();
        MailboxItem item = Assert.Single(await world.Relay.MailboxOfAsync(bob.Address));
        long id = item.Id;
        int asked = 0;
        world.Through = relay => TwistedRelay.Around(
            relay,
            (call, inner) =>
            {
                if (call.Name != "ReceiveAsync")
                {
                    return inner();
                }

                return ++asked < 5000 ? Task.FromResult(new MailboxPage([item with { Id = id++ }], 0)) : throw new TimeoutException();
            });
        var clock = new TimersOfTheTest(world.Clock);
        world.ClientClock = clock;
        await bob.RestartAsync();
        await bob.SyncAsync();
        Assert.Equal(102, asked);
        Assert.Equal(["again and again"], bob.Texts);
        using var ending = new CancellationTokenSource();
        await using IAsyncEnumerator<E2EEvent> events = bob.Client.ReadEventsAsync(ending.Token).GetAsyncEnumerator();
        ValueTask<bool> next = events.MoveNextAsync();
        Assert.Equal(TimeSpan.FromSeconds(1), (await clock.SeeAsync()).Due);
        Assert.Equal(203, asked);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Fact]
    public async Task A_relay_that_does_not_wait_for_a_linking_answer_is_not_asked_in_a_circle_and_the_token_is_heard()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        int asked = 0;
        world.Through = relay => TwistedRelay.Around(
            relay,
            (call, inner) =>
            {
                asked += call.Name == "GetLinkAnswerAsync" ? 1 : 0;
                return call.Name == "GetLinkAnswerAsync" && asked < 10 ? Task.FromResult<byte[]?>(null) : inner();
            });
        var clock = new TimersOfTheTest(world.Clock);
        world.ClientClock = clock;
        Member laptop = world.Device("alice", "laptop");
        using LinkRequest request = await laptop.Client.RequestLinkAsync();
        await alice.Client.ApproveLinkAsync(request.Payload);
        using var ending = new CancellationTokenSource();
        Task completing = laptop.Client.CompleteLinkAsync(request, ending.Token);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(TimeSpan.FromSeconds(1 << i), await clock.PassAsync());
        }

        Assert.Equal(TimeSpan.FromSeconds(8), (await clock.SeeAsync()).Due);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => completing);
        Assert.Equal(4, asked);
        asked = 9;
        await laptop.Client.CompleteLinkAsync(request);
        Assert.NotNull((await world.Relay.ListOfAsync("alice")).Find("laptop"));
        request.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => laptop.Client.CompleteLinkAsync(request));
    }

    private static IEnumerable<MethodInfo> Calls() => typeof(IE2ERelay).GetMethods().Where(method => method.Name.EndsWith("Async", StringComparison.Ordinal));

    private static Task AskAsync(MethodInfo call, TwistedRelay.Twist twist, CancellationToken cancellationToken = default)
    {
        IE2ERelay relay = new CheckedRelay(TwistedRelay.Around(new InMemoryRelay(TimeProvider.System).Connect(new("alice", "phone")), twist));
        object?[] arguments = [.. call.GetParameters().Select(parameter =>
            parameter.ParameterType == typeof(CancellationToken) ? cancellationToken
            : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType)
            : (object?)null)];
        return (Task)call.Invoke(relay, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;
    }

    private static object Failed(MethodInfo call, Exception failure) => Of(call, nameof(FailedTask), failure);

    private static object Never(MethodInfo call) => Of(call, nameof(NeverTask));

    private static object Answer(MethodInfo call, object? answer) => Of(call, nameof(AnswerTask), answer);

    /// <summary>A task of the type that a method gives.</summary>
    private static object Of(MethodInfo call, string name, params object?[] arguments) => typeof(ARelayOutsideItsContract)
        .GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!
        .MakeGenericMethod(call.ReturnType.IsGenericType ? call.ReturnType.GetGenericArguments()[0] : typeof(bool))
        .Invoke(null, arguments)!;

    private static Task<T> FailedTask<T>(Exception failure) => Task.FromException<T>(failure);

    private static Task<T> NeverTask<T>() => new TaskCompletionSource<T>().Task;

    private static Task<T> AnswerTask<T>(object? answer) => Task.FromResult((T)answer!);
}
