using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Short words for what tests of pulse chats do with a device again and again.</summary>
internal static class PulseMembers
{
    public static async Task<PulseChat> PulseAsync(this Member member, PulseId id) =>
        await member.Client.GetPulseAsync(id) ?? throw new InvalidOperationException($"{member.Address} was never in the chat.");

    public static async Task<MessageId> TellAsync(this Member member, PulseId id, string text) =>
        await (await member.PulseAsync(id)).SendAsync(MessageContent.Text(text));

    public static async Task<PulseRoster> RosterAsync(this Member member, PulseId id) =>
        await (await member.PulseAsync(id)).GetRosterAsync();

    public static IEnumerable<string> PulseTexts(this Member member, PulseId id) => member.Seen.OfType<PulseMessageReceived>()
        .Where(message => message.PulseId == id).Select(message => message.Content).OfType<TextContent>().Select(text => text.Value);

    /// <summary>Alice, who created the chat, Bob and Carol, each with a phone.</summary>
    public static async Task<(PulseChat Pulse, Member Alice, Member Bob, Member Carol)> RooftopAsync(this World world, PulseOptions? options = null)
    {
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        Member carol = await world.SignUpAsync("carol");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync(
            "Rooftop", ["bob", "carol"], options ?? new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        return (pulse, alice, bob, carol);
    }

    /// <summary>Shows a device every message of a chat that was ever sent, by the app's own way.</summary>
    public static Task ShowAllAsync(this World world, PulseId id, Member member) => member.Client.PushAsync(
    [
        .. world.Relay.GroupMessages.Where(told => told.Sender != member.Address).Select(told => new MailboxItem(
            0, MailboxItemKind.GroupMessage, told.Sender, id.ToArray(), told.Message.Id, world.Clock.GetUtcNow(), told.Message.Content)),
    ]);

    /// <summary>The epoch that a chat is in, as a member has it.</summary>
    public static async Task<ulong> EpochAsync(this World world, PulseId id, Member member) =>
        (await world.Relay.Connect(member.Address).GetCandidatesAsync(id.ToArray(), 0, 0, 1000)).Max(candidate => candidate.Epoch) + 1;

    /// <summary>Changes what a device keeps of a chat.</summary>
    public static async Task ChangeAsync(this Member member, PulseId id, Action<PulseRecord> change) =>
        await (await member.Client.OpenAsync(default)).Core.ChangeAsync(
            [Gates.Pulse(id)], async work => change((await work.PulseAsync(id))!.Record), default);

    /// <summary>Changes the group that a device holds, as no relay has seen it.</summary>
    public static async Task ChangeGroupAsync(this Member member, PulseId id, Action<PulseGroup> change) =>
        await (await member.Client.OpenAsync(default)).Core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                OpenPulse pulse = (await work.PulseAsync(id))!;
                change(pulse.Require());
                pulse.Change();
            },
            default);

    /// <summary>Whether a change of the device's waits to be taken.</summary>
    public static async Task<bool> HasPreparedAsync(this Member member, PulseId id) =>
        await (await member.Client.OpenAsync(default)).Core.ChangeAsync(
            [Gates.Pulse(id)], async work => (await work.PulseAsync(id))!.Require().HasPrepared, default);

    /// <summary>Lets a device say to another, inside their session, what a client of its own making would.</summary>
    public static async Task SayToAsync(this Member member, Member other, PulseId id, ushort type, Func<PulseGroup, byte[]> body)
    {
        byte[] accountKey = (await other.Client.OpenAsync(default)).Core.Identity.Certificate.AccountKey.ToArray();
        await (await member.Client.OpenAsync(default)).Core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                var say = new PulseSayRecord(other.Address, accountKey, id, type, body((await work.PulseAsync(id))!.Group!));
                work.Put(RecordKey.PulseSays, say.Key, say.Encode());
            },
            default);
    }

    /// <summary>Nobody was told of a loss, of something unreadable, of a fork or of a repair.</summary>
    public static void AssertNothingIsLost(this World world, string where = "") => Assert.True(
        world.Members.SelectMany(member => member.Seen).All(IsHarmless),
        $"{where} {string.Join(' ', world.Members.SelectMany(member => member.Seen.Where(e => !IsHarmless(e)).Select(e => $"{member.Address}: {Name(e)}")))}");

    private static bool IsHarmless(E2EEvent e) => e is not (MessagesMissing or MessageUnreadable or SessionRepaired or StoreRolledBack
        or PulseMessagesMissing or PulseMessageUnreadable or PulseForkSuspected or PulseStalled or PulseChangeDropped or PulseRejoined);

    private static string Name(E2EEvent e) => e switch
    {
        PulseMessageUnreadable unreadable => $"{nameof(PulseMessageUnreadable)} {unreadable.Reason}",
        PulseChangeDropped dropped => $"{nameof(PulseChangeDropped)} {dropped.Reason}",
        PulseStalled stalled => $"{nameof(PulseStalled)} {stalled.Reason}",
        _ => e.GetType().Name,
    };
}
