namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What an app developer sees of pulse chats: people come, write, read and go, each with all their devices.</summary>
public sealed class PulseConversations
{
    [Fact]
    public async Task A_chat_has_all_devices_of_everybody_and_each_reads_each()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member laptop = await world.LinkAsync(alice, "laptop");
        Member bob = await world.SignUpAsync("bob");
        Member carol = await world.SignUpAsync("carol");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob", "carol"]);
        await world.SettleAsync(2);
        Member[] all = [alice, laptop, bob, carol];
        foreach (Member member in all)
        {
            await member.TellAsync(pulse.Id, $"from {member.Address}");
        }

        await world.SettleAsync(3);
        foreach (Member member in all)
        {
            Assert.Equal(
                all.Where(other => other != member).Select(other => $"from {other.Address}").Order(),
                member.PulseTexts(pulse.Id).Order());
            PulseRoster roster = await member.RosterAsync(pulse.Id);
            Assert.Equal("Rooftop", roster.Name);
            Assert.Equal(PulseSuite.XWing, roster.Suite);
            Assert.Equal(["alice", "bob", "carol"], roster.Members.Select(other => other.UserId));
            Assert.Equal(["laptop", "phone"], roster.Find("alice")!.Devices);
            Assert.Equal(PulseRole.Creator, roster.Find("alice")!.Role);
            Assert.Equal(PulseRole.Member, roster.Find("bob")!.Role);
            Assert.Equal(2, roster.Verification.Total);
        }

        PulseJoined joined = Assert.Single(bob.Seen.OfType<PulseJoined>());
        Assert.Equal((alice.Address, "Rooftop"), (joined.By, joined.Name));
        world.AssertNothingIsLost();
    }
}
