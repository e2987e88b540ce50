namespace PulseMeet.E2E.Mls.Tests;

/// <summary>A client of the tests, and the group that it is in.</summary>
internal sealed class Member
{
    private readonly Dictionary<string, byte[]> _psks = new(StringComparer.Ordinal);

    public Member(string name, Clock? clock = null, ushort[]? extensions = null, ushort[]? proposals = null, GroupBounds? bounds = null)
    {
        Name = name;
        Clock = clock ?? new Clock();
        Key = MlsSignatureKey.Generate();
        Client = new MlsClient(Credential.Basic(TextEncoding.UTF8.GetBytes(name)), Key, extensions, proposals);
        Services = new GroupServices
        {
            Policy = Policy,
            Time = Clock,
            Psks = new Held(_psks),
            Bounds = bounds ?? GroupBounds.Default,
        };
    }

    public string Name { get; }

    public Clock Clock { get; }

    public MlsSignatureKey Key { get; }

    public MlsClient Client { get; }

    public NamedClients Policy { get; } = new();

    public GroupServices Services { get; }

    public MlsGroup Group { get; set; } = null!;

    public EpochState Epoch => Group.Current;

    public KeyPackageKeys NewKeyPackage(MlsSuite suite, bool isLastResort = false) => KeyPackageKeys.Create(
        suite, Client, Lifetime.From(Clock.Now.AddHours(-1), TimeSpan.FromDays(80)), isLastResort);

    public void HoldPsk(string id, string key) => _psks[id] = TextEncoding.UTF8.GetBytes(key);

    public void Join(byte[] welcome, KeyPackageKeys own, byte[]? tree = null, MlsGroup? previous = null) =>
        Group = MlsGroup.Join(welcome, own, _ => false, Services, tree, previous);

    public byte[] Seal(string text) => Group.Seal(TextEncoding.UTF8.GetBytes(text));

    public string Read(byte[] message) =>
        TextEncoding.UTF8.GetString(Assert.IsType<ReceivedApplication>(Group.Receive(message)).Content);

    public override string ToString() => Name;

    private sealed class Held(Dictionary<string, byte[]> keys) : IPreSharedKeys
    {
        public MlsSecret? Find(PreSharedKeyId id) =>
            !id.IsResumption && keys.TryGetValue(TextEncoding.UTF8.GetString(id.Id), out byte[]? key) ? MlsSecret.CopyOf(key) : null;
    }
}
