using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>A group of a check.</summary>
internal sealed class RelayTestGroup(RelayWorld world)
{
    public byte[] Id { get; } = RelayWorld.NewGroupId();

    /// <summary>Creates the group: the first device offers, the others get Welcomes. Their mailboxes are empty again
    /// afterwards. The next offer ends epoch 1.</summary>
    public async Task CreateAsync(RelayTestDevice creator, params RelayTestDevice[] others)
    {
        await OfferAsync(creator, 0, [0], welcomes: others).ConfigureAwait(false);
        foreach (RelayTestDevice other in others)
        {
            List<MailboxItem> items = await other.DrainAsync().ConfigureAwait(false);
            Expect.Order([MailboxItemKind.Welcome], items.Select(item => item.Kind), "What a new member gets");
            Expect.Same(Id, items[0].GroupId, "The group's id");
        }
    }

    public Task<int> OfferAsync(
        RelayTestDevice sender,
        ulong epoch,
        byte[] commit,
        byte[]? id = null,
        RelayTestDevice[]? welcomes = null,
        RelayTestDevice[]? removed = null,
        byte[]? groupInfo = null,
        byte[]? tree = null) => sender.Relay.OfferCommitAsync(
        new(
            Id,
            epoch,
            id ?? RelayWorld.NewId(),
            commit,
            [.. (welcomes ?? []).Select(device => new OutgoingEnvelope(device.Address, RelayWorld.NewId(), new byte[] { 7 }))],
            [.. (removed ?? []).Select(device => device.Address)],
            groupInfo ?? [],
            tree ?? []),
        world.CancellationToken);

    public Task SendAsync(RelayTestDevice sender, ulong epoch, byte[] content, byte[]? id = null) =>
        sender.Relay.SendToGroupAsync(new(Id, epoch, id ?? RelayWorld.NewId(), content), world.CancellationToken);

    public Task<IReadOnlyList<GroupCandidate>> CandidatesAsync(
        RelayTestDevice caller, ulong fromEpoch = 0, int fromPlace = 0, int max = 1000) =>
        caller.Relay.GetCandidatesAsync(Id, fromEpoch, fromPlace, max, world.CancellationToken);

    /// <summary>The first bytes of what is in the devices' mailboxes, which are empty afterwards.</summary>
    public static async Task<string> GotAsync(params RelayTestDevice[] devices)
    {
        List<string> got = [];
        foreach (RelayTestDevice device in devices)
        {
            List<MailboxItem> items = await device.DrainAsync().ConfigureAwait(false);
            got.Add(string.Concat(items.Select(item => item.Content.Span[0])));
        }

        return string.Join('|', got);
    }
}
