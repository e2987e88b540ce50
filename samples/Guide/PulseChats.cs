using PulseMeet.E2E;

namespace Guide;

/// <summary>A chat of several.</summary>
internal static class PulseChats
{
    public static async Task RunAsync(E2EClient alice, E2EClient bob, Screen hers, Screen his, CancellationToken cancellationToken)
    {
        #region create-pulse
        PulseChat pulse = await alice.CreatePulseAsync("Rooftop", ["bob"], cancellationToken);
        await pulse.SendAsync(MessageContent.Text("Who brings the guitar?"), cancellationToken);
        #endregion
        PulseJoined joined = await his.NextAsync<PulseJoined>(cancellationToken);
        #region get-pulse
        PulseChat? chat = await bob.GetPulseAsync(joined.PulseId, cancellationToken);
        PulseRoster roster = await chat!.GetRosterAsync(cancellationToken);
        foreach (PulseMember member in roster.Members)
        {
            Console.WriteLine($"{member.UserId}, {member.Role}, on {string.Join(" and ", member.Devices)}");
        }
        #endregion
        Check.That("Bob sees both in the chat", roster.Members.Select(member => member.UserId).SequenceEqual(["alice", "bob"]));
        PulseMessageReceived question = await his.NextAsync<PulseMessageReceived>(cancellationToken);
        Check.That("and what is said", question.Content is TextContent { Value: "Who brings the guitar?" });
        #region govern-pulse
        await pulse.SetRoleAsync("bob", PulseRole.Admin, cancellationToken);
        await pulse.RenameAsync("Rooftop, with guitar", cancellationToken);
        await pulse.RemoveAsync("bob", cancellationToken); // what is said from now on he cannot read
        #endregion
        Check.That("Bob is told by whom he was removed", (await his.NextAsync<PulseClosed>(cancellationToken)).By.UserId == "alice");
        #region leave-pulse
        await pulse.LeaveAsync(cancellationToken);
        #endregion
        Check.That("and Alice, who was alone in it, is out", (await hers.NextAsync<PulseClosed>(cancellationToken)).HasLeft);
    }
}
