using FsCheck;
using PulseMeet.E2E.Tests.Messaging.Simulation;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Random walks of three people with up to three devices each around a hostile relay: <see cref="Walk"/>. In the end, once the
/// relay is honest for a while, every message to a device that was on the list was handed over there exactly once, or is named as
/// lost; and no cipher key was used twice. eng/client-simulation.sh takes as many walks as one likes.</summary>
public sealed class ClientSimulation
{
    [Walks]
    public void Every_message_to_a_listed_device_is_handed_over_exactly_once_or_named_as_lost(DoNotSize<uint> seed, DoNotSize<uint>[] steps) =>
        RunAsync(seed.Item, [.. steps.Select(step => Step.Of(step.Item))]).GetAwaiter().GetResult();

    private static async Task RunAsync(ulong seed, Step[] steps)
    {
        await using var walk = new Walk(seed);
        await walk.BeginAsync();
        foreach (Step step in steps)
        {
            await walk.TakeAsync(step);
        }

        await walk.HealAsync();
        string course = $"seed {seed}: {string.Join(", ", steps)}";
        foreach (Member member in walk.Devices)
        {
            await AssertAsync(walk, member, course);
        }

        string[] nonces = [.. walk.World.Relay.Delivered.Select(item => Nonces.Of(item.Envelope))];
        Assert.True(nonces.Length == nonces.Distinct().Count(), $"a cipher key twice; {course}");
    }

    private static async Task AssertAsync(Walk walk, Member member, string course)
    {
        foreach (IGrouping<(Member From, string To), Said> said in walk.Everything
            .Where(said => said.From != member && (said.To == member.UserId || said.From.UserId == member.UserId))
            .GroupBy(said => (said.From, said.To)))
        {
            ulong missing = 0;
            foreach (Said one in said)
            {
                int count = member.Messages.Count(message => message.Content is TextContent text && text.Value == one.Text
                    && message.Sender == one.From.Address && message.ConversationWith == one.ConversationOf(member));
                Assert.True(count <= 1 || walk.PutBack.Contains(member), $"«{one.Text}» {count} times on {member.Address}; {course}");
                missing += count == 0 && one.For.Contains(member) ? 1UL : 0;
            }

            if (missing > 0)
            {
                string with = said.First().ConversationOf(member);
                ulong lost = member.Seen.OfType<MessagesMissing>()
                    .Where(gap => gap.IsLost && gap.Sender == said.Key.From.Address && gap.ConversationWith == with)
                    .Aggregate(0UL, (sum, gap) => sum + gap.Count);
                ulong before = await Listed.BeforeBaselineAsync(member, said.Key.From, said.Key.To);
                Assert.True(
                    missing <= lost + before,
                    $"{member.Address} misses {missing} of {said.Key.From.Address} to {said.Key.To}, {lost} named as lost, {before} before the first; {course}");
            }
        }
    }
}
