using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>A device of the tests, and the chat that it is in.</summary>
internal sealed class Phone
{
    private readonly List<KeyPackageKeys> _keyPackages = [];
    private GroupDevice? _device;

    public Phone(Account account, string name, DeviceIdentity? identity = null)
    {
        Account = account;
        Name = name;
        Identity = identity ?? DeviceIdentity.Create(account.Key, new DeviceAddress(account.UserId, name), account.Clock);
    }

    public Account Account { get; }

    public string Name { get; }

    public DeviceIdentity Identity { get; }

    public Clock Clock => Account.Clock;

    public DeviceAddress Address => Identity.Address;

    /// <summary>By the account's newest list.</summary>
    public GroupDevice Device => _device ??= new GroupDevice(Identity, Account.List);

    public PulseGroup Chat { get; set; } = null!;

    public bool IsIn => Chat is { IsRemoved: false };

    public EpochState Epoch => Chat.Mls.Current;

    public byte[] KeyPackage(MlsSuite? suite = null, bool isLastResort = false)
    {
        KeyPackageKeys keys = Device.CreateKeyPackage(suite ?? MlsSuite.X25519Aes128, Clock, isLastResort);
        _keyPackages.Add(keys);
        return keys.Message();
    }

    /// <summary>The account has a newer list.</summary>
    public void Renew()
    {
        _device = null;
        if (IsIn && Account.List.Find(Name) is not null)
        {
            Chat.UseDevice(Device);
        }
    }

    public void Join(PreparedCommit commit) => Join(commit.Welcomes.Single(welcome => welcome.Device == Address).Message, commit.Snapshot);

    public void Join(byte[] welcome, byte[] snapshot, Func<string, byte[]?>? pinned = null)
    {
        Welcome decoded = MlsMessage.Decode<Welcome>(welcome);
        MlsSuite suite = MlsSuite.Get(decoded.Suite);
        KeyPackageKeys keys = _keyPackages.Single(key => key.KeyPackage.Suite == suite.Id
            && decoded.Secrets[0].NewMember.AsSpan().SequenceEqual(key.KeyPackage.Reference(suite)));
        Chat = PulseGroup.Join(welcome, keys, Device, snapshot, _ => false, pinned ?? (_ => null), Clock, out DeviceAddress inviter);
        Inviter = inviter;
    }

    public DeviceAddress? Inviter { get; private set; }

    public ExternalJoin Rejoin(Phone helper, PulseGroup? old = null) => ExternalJoin.Create(
        helper.Chat.GroupInfo(), helper.Chat.Snapshot(), Device, _ => false, _ => null, Clock, old);

    public byte[] Seal(string text) => Chat.Seal(TextEncoding.UTF8.GetBytes(text));

    public string Read(byte[] message) =>
        TextEncoding.UTF8.GetString(Assert.IsType<GroupMessageReceived>(Chat.Receive(message)).Content);

    public CandidateOutcome Take(params byte[][] candidates) =>
        Chat.TakeCandidates([.. candidates.Select(candidate => (ReadOnlyMemory<byte>)candidate)]);

    public (byte[] Epochs, byte[] Ratchets) State() => (Chat.SerializeEpochs(), Chat.SerializeRatchets());

    public void Restart()
    {
        (byte[] epochs, byte[] ratchets) = State();
        Chat = PulseGroup.Deserialize(epochs, ratchets, Device, Clock);
        (byte[] again, byte[] ratchetsAgain) = State();
        Assert.Equal(epochs, again);
        Assert.Equal(ratchets, ratchetsAgain);
    }

    public override string ToString() => $"{Account.UserId}'s {Name}";
}
