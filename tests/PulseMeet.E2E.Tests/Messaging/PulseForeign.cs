using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A group of a stranger's own under whatever id: its creator alone says what is in it.</summary>
internal sealed class PulseForeign : IDisposable
{
    private const ushort LargeExtension = 0xf0ef;

    private readonly World _world;
    private readonly Member _stranger;
    private readonly GroupDevice _device;

    private PulseForeign(World world, Member stranger, PulseId id, GroupDevice device, PulseGroup group)
    {
        _world = world;
        _stranger = stranger;
        _device = device;
        Id = id;
        Group = group;
    }

    public PulseId Id { get; }

    public PulseGroup Group { get; }

    public static async Task<PulseForeign> OfAsync(World world, Member stranger, PulseId id, ulong epoch)
    {
        Engine engine = await stranger.Client.OpenAsync(default);
        var device = new GroupDevice(engine.Core.Identity, await world.Relay.ListOfAsync(stranger.UserId));
        var lists = new DeviceListBook([device.List]);
        var data = new PulseData
        {
            Name = "Rooftop",
            Creator = stranger.UserId,
            Admins = [],
            Rights = GroupRights.Default,
            ListsHash = lists.Hash,
        };
        var policy = new PulsePolicy(lists);
        MlsGroup mls = MlsGroup.Create(
            MlsSuite.X25519Aes128, id.ToArray(), device.Client, data.ToExtensions(), PulseGroup.Services(policy, world.Clock));
        var foreign = new PulseForeign(
            world, stranger, id, device, PulseGroup.Begin(mls, policy, lists, device, world.Clock, EpochMark.NoCommit));
        while (foreign.Group.Epoch < epoch)
        {
            foreign.Take(foreign.Group.Prepare(new UpdateIntent())!);
        }

        return foreign;
    }

    /// <summary>Somebody who is invited by a key package whose leaf has an extension of any size.</summary>
    public static async Task<Invitee> LargeAsync(World world, Member member, int size)
    {
        Engine engine = await member.Client.OpenAsync(default);
        DeviceList list = await world.Relay.ListOfAsync(member.UserId);
        using var device = new GroupDevice(engine.Core.Identity, list);
        var client = new MlsClient(
            device.Client.Credential,
            device.Client.SignatureKey,
            [GroupNumbers.DeviceListExtension, GroupNumbers.PulseExtension, LargeExtension],
            [GroupNumbers.DeviceListProposal, GroupNumbers.LeaveProposal],
            leafExtensions: [DeviceListName.Of(list).ToExtension(), new Extension(LargeExtension, new byte[size])]);
        DateTimeOffset now = world.Clock.GetUtcNow();
        using var keys = KeyPackageKeys.Create(
            MlsSuite.X25519Aes128, client, Lifetime.From(now - TimeSpan.FromHours(1), TimeSpan.FromDays(60)), isLastResort: false);
        return new Invitee(list.Encode(), [keys.Message()]);
    }

    /// <summary>Brings somebody in by the key packages that the relay gives to anybody.</summary>
    public async Task<PreparedCommit> BringAsync(Member victim)
    {
        ClaimedBundles claimed = await _world.Relay.Connect(_stranger.Address).ClaimKeyPackagesAsync(victim.UserId);
        byte[] keyPackage = PulsePackage.ReadKeyPackages(claimed.Bundles[victim.Address.DeviceId].Span)
            .Single(message => MlsMessage.Decode<KeyPackage>(message).Suite == MlsSuite.X25519Aes128.Id);
        PreparedCommit commit = Group.Prepare(new BringIntent([new Invitee(claimed.DeviceList.ToArray(), [keyPackage])]))!;
        Take(commit);
        return commit;
    }

    /// <summary>The Welcome in the mailbox of the one whom it is for, as the relay brings it.</summary>
    public void Plant(PreparedCommit commit, ReadOnlySpan<byte> snapshotHash)
    {
        GroupWelcome welcome = commit.Welcomes.Single();
        byte[] content = PulsePackage.WithSnapshot(snapshotHash, welcome.Message);
        _world.Relay.Put(
            _stranger.Address,
            new OutgoingEnvelope(welcome.Device, Sha256.Hash(content).AsSpan(0, MessageId.Size).ToArray(), content),
            MailboxItemKind.Welcome,
            Id.ToArray());
    }

    public void Dispose()
    {
        Group.Dispose();
        _device.Dispose();
    }

    private void Take(PreparedCommit commit) => Assert.Equal(0, Group.TakeCandidates([commit.Commit]).Taken);
}
