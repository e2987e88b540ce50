using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Relay;

/// <summary>The conformance suite finds a relay out that has one of the unreliable relay's faults at every call.</summary>
public sealed class BrokenRelays
{
    public static TheoryData<string> Faults => ["LostRequests", "LostAnswers", "Doubled", "Delayed", "Reordered", "Repeated", "Forgotten", "Lies"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_relay_with_one_kind_of_fault_is_found_out(string fault)
    {
        foreach (ConformanceCheck<RelayUnderTest> check in RelayConformance.Checks)
        {
            var clock = new ManualClock();
            var relay = new UnreliableRelayServer(new InMemoryRelay(clock), Only(fault), seed: 1);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await check.RunAsync(new(relay, new InMemoryMediaStore(clock), clock), patience.Token);
            }
            catch (Exception exception) when (exception is ConformanceException or OperationCanceledException or ArgumentException or InvalidOperationException)
            {
                return;
            }
        }

        Assert.Fail("No check noticed.");
    }

    [Fact]
    public async Task One_seed_gives_one_course_and_an_honest_world_none()
    {
        Assert.Equal(await CourseAsync(7), await CourseAsync(7));
        Assert.NotEqual(await CourseAsync(7), await CourseAsync(8));
        Assert.Equal($"0:{new string('2', 50)}", await CourseAsync(7, isHonest: true));
    }

    private static async Task<string> CourseAsync(ulong seed, bool isHonest = false)
    {
        var clock = new ManualClock();
        using var account = PulseMeet.E2E.Keys.Ed25519KeyPair.Generate();
        using DeviceIdentity bob = DeviceIdentity.Create(account, new("bob", "phone"), clock);
        var inner = new InMemoryRelay(clock);
        await inner.Connect(bob.Address).PublishDeviceListAsync(DeviceList.Sign(account, [bob.Certificate], null, clock).Encode());
        var relay = new UnreliableRelay(inner.Connect(bob.Address), RelayFaults.Each(0.2), seed) { IsHonest = isHonest };
        string course = string.Empty;
        for (byte i = 0; i < 50; i++)
        {
            try
            {
                byte[] id = [i, .. new byte[15]];
                await relay.DeliverAsync([new(bob.Address, id, new[] { i })]);
                MailboxPage page = await relay.ReceiveAsync(new(10, TimeSpan.Zero, 0, []));
                await relay.AcknowledgeAsync([.. page.Items.Select(item => item.Id)]);
                course += page.Items.Count == 1 && page.Items[0].Content.Span[0] == i ? '2' : (char)('a' + page.Items.Count);
            }
            catch (E2EException exception)
            {
                Assert.Equal(E2EError.RelayUnavailable, exception.Reason);
                course += 'x';
            }
        }

        return $"{relay.Faults}:{course}";
    }

    private static RelayFaults Only(string fault) => fault switch
    {
        "LostRequests" => new() { LostRequests = 1 },
        "LostAnswers" => new() { LostAnswers = 1 },
        "Doubled" => new() { Doubled = 1 },
        "Delayed" => new() { Delayed = 1 },
        "Reordered" => new() { Reordered = 1 },
        "Repeated" => new() { Repeated = 1 },
        "Forgotten" => new() { Forgotten = 1 },
        "Lies" => new() { Lies = 1 },
        _ => throw new ArgumentException("No such fault.", nameof(fault)),
    };
}
