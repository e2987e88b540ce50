using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Relay;

/// <summary>Every rule of docs/protocol-relay.md, on the relay in memory.</summary>
public sealed class RelayRules
{
    public static TheoryData<string> Rules => [.. RelayConformance.Checks.Select(check => check.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task The_relay_in_memory_keeps(string rule)
    {
        var clock = new ManualClock();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await RelayConformance.Checks.Single(check => check.Name == rule).RunAsync(
            new(new InMemoryRelay(clock), new InMemoryMediaStore(clock), clock), patience.Token);
    }

    [Fact]
    public async Task All_rules_hold_on_one_relay_one_after_the_other()
    {
        var clock = new ManualClock();
        var subject = new RelayUnderTest(new InMemoryRelay(clock), new InMemoryMediaStore(clock), clock);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        foreach (ConformanceCheck<RelayUnderTest> check in RelayConformance.Checks)
        {
            await check.RunAsync(subject, patience.Token);
        }
    }

    [Fact]
    public Task What_one_user_may_have_offered_ends_at_the_last_item() => OfferedItems.AreBoundedAsync(new InMemoryRelay(TimeProvider.System));

    [Fact]
    public void No_two_rules_have_one_name() =>
        Assert.Equal(RelayConformance.Checks.Count, RelayConformance.Checks.Select(check => check.Name).Distinct().Count());
}
