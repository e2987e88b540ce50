using PulseMeet.E2E.Tests.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A conversation waits for no other one: what is written to many people at the same time is sealed on all cores, and is one write of
/// the store.</summary>
public sealed class ConversationsAtOnce
{
    private const int Friends = 12;

    /// <summary>The store is kept from its first write: everybody else's message is sealed meanwhile, and all of them go together in the second.</summary>
    [Fact]
    public async Task Messages_to_many_people_are_sealed_while_the_store_is_busy_and_written_together()
    {
        await using var world = new World();
        (Member alice, List<Member> friends) = await FriendsAsync(world);
        (GatedStore store, TaskCompletionSource free) = await BusyAsync(alice);
        int before = store.Commits;
        Task[] said = [.. friends.Select(friend => alice.SayAsync(friend.UserId, "at once"))];
        Assert.DoesNotContain(said, task => task.IsCompleted);
        free.SetResult();
        await Task.WhenAll(said);
        Assert.Equal(2, store.Commits - before);
        await world.SettleAsync();
        Assert.All(friends, friend => Assert.Equal(["hello", "at once"], friend.Texts));
    }

    /// <summary>In one conversation each message follows from the state that the one before it has left.</summary>
    [Fact]
    public async Task Messages_of_one_conversation_are_written_one_after_the_other_in_their_order()
    {
        await using var world = new World();
        (Member alice, List<Member> friends) = await FriendsAsync(world);
        (GatedStore store, TaskCompletionSource free) = await BusyAsync(alice);
        int before = store.Commits;
        Task[] said = [.. Enumerable.Range(0, 5).Select(i => alice.SayAsync(friends[0].UserId, $"{i}"))];
        free.SetResult();
        await Task.WhenAll(said);
        Assert.Equal(5, store.Commits - before);
        await world.SettleAsync();
        Assert.Equal(["hello", "0", "1", "2", "3", "4"], friends[0].Texts);
    }

    /// <summary>One's other devices get each message in the sessions with them, which no two conversations change at the same time.</summary>
    [Fact]
    public async Task With_a_second_device_of_ones_own_all_conversations_arrive_there_in_whichever_order_and_once()
    {
        await using var world = new World();
        (Member alice, List<Member> friends) = await FriendsAsync(world);
        Member laptop = await world.LinkAsync(alice, "laptop");
        await world.SettleAsync();
        (GatedStore store, TaskCompletionSource free) = await BusyAsync(alice);
        int before = store.Commits;
        Task[] said = [.. friends.Select(friend => alice.SayAsync(friend.UserId, $"to {friend.UserId}"))];
        free.SetResult();
        await Task.WhenAll(said);
        Assert.Equal(Friends, store.Commits - before);
        await world.SettleAsync();
        Assert.All(friends, friend => Assert.Equal(["hello", $"to {friend.UserId}"], friend.Texts));
        Assert.Equal(friends.Select(friend => $"to {friend.UserId}").Order(), laptop.Texts.Order());
        Assert.Empty(laptop.Seen.OfType<SessionRepaired>());
        Assert.Empty(laptop.Seen.OfType<MessagesMissing>());
    }

    /// <summary>A device is let in while messages are under way: whoever writes next writes to it, too, and nothing goes astray.</summary>
    [Fact]
    public async Task A_device_that_is_linked_while_many_conversations_are_written_in_gets_what_is_written_from_then_on()
    {
        await using var world = new World();
        (Member alice, List<Member> friends) = await FriendsAsync(world);
        Member laptop = world.Device("alice", "laptop");
        Task saying = Task.WhenAll(friends.Select(friend => Task.Run(async () =>
        {
            for (int i = 0; i < 10; i++)
            {
                await alice.SayAsync(friend.UserId, $"{friend.UserId} {i}");
            }
        })));
        await world.LinkAsync(alice, laptop);
        await saying;
        await world.SettleAsync();
        foreach (Member friend in friends)
        {
            await alice.SayAsync(friend.UserId, $"{friend.UserId} then");
        }

        await world.SettleAsync();
        Assert.All(
            friends,
            friend => Assert.Equal(
                [.. Enumerable.Range(0, 10).Select(i => $"{friend.UserId} {i}").Prepend("hello"), $"{friend.UserId} then"], friend.Texts));
        Assert.All(friends, friend => Assert.Contains($"{friend.UserId} then", laptop.Texts));
        Assert.Equal(laptop.Texts.Count(), laptop.Texts.Distinct().Count());
    }

    private static async Task<(Member Alice, List<Member> Friends)> FriendsAsync(World world)
    {
        Member alice = await world.SignUpAsync("alice");
        var friends = new List<Member>();
        for (int i = 0; i < Friends; i++)
        {
            Member friend = await world.SignUpAsync($"friend{i}");
            await friend.Client.AcceptAsync("alice");
            await alice.SayAsync(friend.UserId, "hello");
            friends.Add(friend);
        }

        await world.SettleAsync();
        return (alice, friends);
    }

    /// <summary>A client that was opened anew, and whose next write waits until it is let go.</summary>
    private static async Task<(GatedStore Store, TaskCompletionSource Free)> BusyAsync(Member member)
    {
        GatedStore? store = null;
        await member.RestartAsync(inner => store = new GatedStore(inner));
        await member.Client.SynchronizeAsync();
        var free = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store!.BeforeCommit = () => free.Task;
        return (store, free);
    }
}
