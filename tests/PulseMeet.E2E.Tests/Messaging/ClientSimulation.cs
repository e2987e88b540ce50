using FsCheck;
using FsCheck.Xunit;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Random walks of several people with several devices around a relay that loses, doubles, delays and reorders, with crashes,
/// restarts, restored copies, new and removed devices, and clocks that jump. In the end, once the relay is honest for a while, every
/// message to a device that was on the list was handed over there exactly once, or is named as lost.</summary>
public sealed class ClientSimulation
{
    [Property(MaxTest = 12, StartSize = 10, EndSize = 60)]
    public void Every_message_to_a_listed_device_is_handed_over_exactly_once_or_named_as_lost(int seed, byte[] noise) =>
        RunAsync(new Random(HashCode.Combine(seed, noise.Length)), steps: 40 + noise.Length).GetAwaiter().GetResult();

    private static async Task RunAsync(Random chance, int steps)
    {
        await using var world = new World { Configure = options => options.DeviceListAge = TimeSpan.Zero };
        var sent = new List<(string Text, Member From, string To, Member[] Devices)>();
        List<Member> members = [];
        string[] users = ["alice", "bob", "carol"];
        foreach (string user in users)
        {
            members.Add(await world.SignUpAsync(user));
        }

        foreach (Member member in members)
        {
            foreach (string user in users.Where(user => user != member.UserId))
            {
                await member.Client.AcceptAsync(user);
            }
        }

        var restored = new HashSet<Member>();
        InMemoryStore? copy = null;
        int copyOf = 0;
        bool isHostile = true;
        world.Relay.OnTheWay = (_, envelope) => !isHostile ? [envelope] : chance.Next(20) switch
        {
            0 => [],
            1 => [envelope, envelope],
            2 => [envelope with { Content = Damaged(envelope.Content, chance) }],
            _ => [envelope],
        };
        world.Relay.OnPage = (_, items) => isHostile && chance.Next(3) == 0 ? [.. items.OrderBy(_ => chance.Next())] : items;
        for (int step = 0; step < steps; step++)
        {
            Member one = members[chance.Next(members.Count)];
            switch (chance.Next(16))
            {
                case < 6:
                    string to = users.Where(user => user != one.UserId).ElementAt(chance.Next(2));
                    string text = $"{one.Address.UserId}/{one.Address.DeviceId} {step}";
                    await one.SayAsync(to, text);
                    sent.Add((text, one, to, [.. members.Where(member => member != one && (member.UserId == to || member.UserId == one.UserId))]));
                    break;
                case < 10:
                    await one.SyncAsync();
                    break;
                case 10:
                    await one.RestartAsync();
                    break;
                case 11:
                    one.Crash();
                    break;
                case 12:
                    world.Clock.Advance(TimeSpan.FromMinutes(chance.Next(0, 240)));
                    break;
                case 13:
                    await one.Client.SynchronizeAsync();
                    break;
                case 14 when members.Count < 6:
                    Member first = members.First(member => member.UserId == one.UserId);
                    Member linked = await world.LinkAsync(first, $"device{step}");
                    foreach (string user in users.Where(user => user != linked.UserId))
                    {
                        await linked.Client.AcceptAsync(user);
                    }

                    members.Add(linked);
                    break;
                case 15 when copy is null:
                    await one.Client.DisposeAsync();
                    copy = one.Store.Copy();
                    copyOf = members.IndexOf(one);
                    await one.RestartAsync();
                    break;
                case 15:
                    await members[copyOf].RestoreAsync(copy!);
                    restored.Add(members[copyOf]);
                    copy = null;
                    break;
            }
        }

        isHostile = false;
        for (int i = 0; i < 8; i++)
        {
            await world.SettleAsync(2);
            world.Clock.Advance(TimeSpan.FromMinutes(5));

            // What everybody says last shows what is missing before it.
            foreach (Member one in members.Where(_ => i == 1))
            {
                foreach (string to in users.Where(user => user != one.UserId))
                {
                    string text = $"last of {one.Address.UserId}/{one.Address.DeviceId}";
                    await one.SayAsync(to, text);
                    sent.Add((text, one, to, [.. members.Where(member => member != one && (member.UserId == to || member.UserId == one.UserId))]));
                }
            }
        }

        foreach (Member member in members)
        {
            string[] texts = [.. member.Texts];
            int missing = 0;
            foreach (var item in sent.Where(item => item.Devices.Contains(member)))
            {
                int count = member.Messages.Count(message => ((TextContent)message.Content).Value == item.Text && message.Sender == item.From.Address
                    && message.ConversationWith == (member.UserId == item.To ? item.From.UserId : item.To));
                Assert.True(count <= 1 || restored.Contains(member) || restored.Contains(item.From), $"{item.Text} twice on {member.Address}");
                missing += count == 0 ? 1 : 0;
            }

            ulong named = member.Seen.OfType<MessagesMissing>().Aggregate(0UL, (sum, e) => sum + e.Count);
            ulong unseen = await BeforeBaselineAsync(member, members);
            Assert.True(
                (ulong)missing <= named + unseen || restored.Count > 0,
                $"{member.Address}: {missing} missing, {named} named, {unseen} before the first that came");
        }

        string[] nonces = [.. world.Relay.Delivered.Select(item => Nonces.Of(item.Envelope))];
        Assert.Equal(nonces.Length, nonces.Distinct().Count());
    }

    /// <summary>How many numbers were given before the first one of each stream that came: by the rule of the baseline they are not
    /// missing.</summary>
    private static async Task<ulong> BeforeBaselineAsync(Member member, List<Member> members)
    {
        Engine engine = await member.Client.OpenAsync(default);
        ulong unseen = 0;
        foreach (Member sender in members.Where(sender => sender != member))
        {
            Engine other = await sender.Client.OpenAsync(default);
            foreach (string user in new[] { "alice", "bob", "carol" }.Where(user => user != sender.UserId))
            {
                if (member.UserId != user && member.UserId != sender.UserId)
                {
                    continue;
                }

                var name = new StreamName(sender.Address, other.Core.StreamId, ConversationName.Direct(sender.UserId, user));
                OpenedRecord? record = await engine.Core.Store.ReadAsync(RecordKey.IncomingStreams, RecordKey.Of(name));
                IncomingStream stream = record is null ? new IncomingStream() : IncomingStream.Decode(record.Value);
                unseen += stream.Baseline == 0 ? 1000 : stream.Baseline - 1;
            }
        }

        return unseen;
    }

    private static byte[] Damaged(ReadOnlyMemory<byte> content, Random chance)
    {
        byte[] damaged = content.ToArray();
        damaged[chance.Next(damaged.Length)] ^= (byte)(1 << chance.Next(8));
        return damaged;
    }
}
