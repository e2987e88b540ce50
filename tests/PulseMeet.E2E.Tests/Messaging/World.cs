using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>People with devices around one relay, in one process, on one clock that the test moves.</summary>
internal sealed class World : IAsyncDisposable
{
    private readonly List<Member> _members = [];

    /// <param name="between">What stands between the stage and the relay; null for nothing.</param>
    public World(Func<IE2ERelayServer, IE2ERelayServer>? between = null)
    {
        RelayClock = new LaggingClock(Clock);
        Relay = new StagedRelay(RelayClock, between);
        Media = new InMemoryMediaStore(Clock);
    }

    public TestClock Clock { get; } = new();

    /// <summary>The relay's clock: everybody's, until a test lets it lag.</summary>
    public LaggingClock RelayClock { get; }

    public StagedRelay Relay { get; }

    public InMemoryMediaStore Media { get; }

    public IReadOnlyList<Member> Members => _members;

    /// <summary>What lies between every client that is made from now on and the relay.</summary>
    public Func<IE2ERelay, IE2ERelay> Through { get; set; } = relay => relay;

    /// <summary>Opens a device's store: what it has in memory, unless a test keeps it elsewhere.</summary>
    public Func<Member, IE2EStore> OpenStore { get; set; } = member => member.Store;

    /// <summary>What lies between every client that is made from now on and the media store.</summary>
    public Func<IMediaStore, IMediaStore> ThroughMedia { get; set; } = media => media;

    /// <summary>The clock of every client that is made from now on; null for everybody's.</summary>
    public TimeProvider? ClientClock { get; set; }

    /// <summary>Changes the options of every client that is made from now on.</summary>
    public Action<E2EClientOptions> Configure { get; set; } = _ => { };

    public Member Device(string userId, string deviceId = "phone")
    {
        var member = new Member(this, new DeviceAddress(userId, deviceId));
        _members.Add(member);
        return member;
    }

    /// <summary>A new account on its first device.</summary>
    public async Task<Member> SignUpAsync(string userId, string deviceId = "phone")
    {
        Member member = Device(userId, deviceId);
        (await member.Client.SignUpAsync()).Dispose();
        return member;
    }

    /// <summary>Another device of somebody, which is signed by the first.</summary>
    public async Task<Member> LinkAsync(Member first, string deviceId)
    {
        Member second = Device(first.UserId, deviceId);
        await LinkAsync(first, second);
        return second;
    }

    public async Task LinkAsync(Member first, Member second)
    {
        using LinkRequest request = await second.Client.RequestLinkAsync();
        await first.Client.ApproveLinkAsync(request.Payload);
        await second.Client.CompleteLinkAsync(request);
    }

    /// <summary>Two people who have accepted each other.</summary>
    public async Task<(Member Alice, Member Bob)> FriendsAsync()
    {
        Member alice = await SignUpAsync("alice");
        Member bob = await SignUpAsync("bob");
        await bob.Client.AcceptAsync("alice");
        await alice.Client.AcceptAsync("bob");
        return (alice, bob);
    }

    /// <summary>Everybody sends and receives until nothing moves any more.</summary>
    public async Task SettleAsync(int rounds = 6)
    {
        for (int i = 0; i < rounds; i++)
        {
            foreach (Member member in _members.Where(member => member.IsActive))
            {
                await member.SyncAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Member member in _members)
        {
            await member.DisposeAsync();
        }
    }
}
