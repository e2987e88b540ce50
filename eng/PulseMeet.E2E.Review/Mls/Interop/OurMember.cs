using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>A member by this library. Its state goes through its stored form before every step.</summary>
internal sealed class OurMember : IInteropMember
{
    private readonly MlsSuite _suite;
    private readonly MlsClient _client;
    private readonly GroupServices _services;
    private readonly Dictionary<string, byte[]> _psks = new(StringComparer.Ordinal);
    private KeyPackageKeys? _keys;
    private MlsGroup? _group;

    public OurMember(string name, MlsSuite suite)
    {
        Name = name;
        _suite = suite;
        _client = new MlsClient(Credential.Basic(System.Text.Encoding.UTF8.GetBytes(name)), MlsSignatureKey.Generate());
        _services = new GroupServices
        {
            Policy = AnyBasicCredential.Instance,
            Time = TimeProvider.System,
            Psks = new Held(_psks),
        };
    }

    public string Name { get; }

    private MlsGroup Group
    {
        get
        {
            byte[] epochs = _group!.SerializeEpochs();
            byte[] ratchets = _group.SerializeRatchets();
            _group.Dispose();
            _group = MlsGroup.Deserialize(epochs, ratchets, _services);
            return _group;
        }
    }

    public byte[] KeyPackage()
    {
        _keys = KeyPackageKeys.Create(
            _suite, _client, Lifetime.From(TimeProvider.System.GetUtcNow().AddHours(-1), TimeSpan.FromDays(20)));
        return _keys.Message();
    }

    public void Create(byte[] groupId) => _group = MlsGroup.Create(_suite, groupId, _client, [], _services);

    public void Join(byte[] welcome) => _group = MlsGroup.Join(welcome, _keys!, _ => false, _services);

    public byte[] JoinExternally(byte[] groupInfo, bool replaces)
    {
        uint? old = null;
        if (replaces)
        {
            byte[] tree = MlsMessage.Decode<GroupInfo>(groupInfo).Extensions.Find(ExtensionType.RatchetTree)!.Data;
            old = RatchetTree.Decode(_suite, tree).Members()
                .First(member => member.Leaf.Credential.Content.AsSpan().SequenceEqual(_client.Credential.Content)).Index;
        }

        PendingCommit joined = MlsGroup.JoinExternally(groupInfo, _client, _ => false, _services, replaced: old);
        _group = MlsGroup.Begin(PendingCommitCodec.Deserialize(PendingCommitCodec.Serialize(joined)), _services);
        return joined.Commit;
    }

    public (byte[] Commit, IReadOnlyList<byte[]> Welcomes) Commit(
        IReadOnlyList<byte[]> add, IReadOnlyList<uint> remove, IReadOnlyList<byte[]> psks, bool isPublic)
    {
        PendingCommit commit = Group.CreateCommit(new CommitRequest
        {
            Proposals =
            [
                .. add.Select(message => new AddProposal(MlsMessage.Decode<KeyPackage>(message))),
                .. remove.Select(leaf => new RemoveProposal(leaf)),
                .. psks.Select(id => new PreSharedKeyProposal(PreSharedKeyId.External(_suite, id))),
            ],
            Format = isPublic ? WireFormat.PublicMessage : WireFormat.PrivateMessage,
            TreeInWelcome = true,
        });
        return (commit.Commit, [.. commit.Welcomes.Select(welcome => welcome.Message)]);
    }

    public void Apply() => Group.ApplyPending();

    public byte[] ProposeRemove(uint leaf, bool isPublic) => Group.Propose(new RemoveProposal(leaf), Format(isPublic));

    public byte[] ProposeUpdate(bool isPublic) => Group.ProposeUpdate(format: Format(isPublic));

    public byte[]? Receive(byte[] message) => (Group.Receive(message) as ReceivedApplication)?.Content;

    public byte[] Seal(byte[] content) => Group.Seal(content, padding: content.Length % 40);

    public bool IsTsMls => false;

    public byte[] GroupInfo(bool forTsMls)
    {
        if (!forTsMls)
        {
            return Group.GroupInfo(allowExternalJoin: true, withTree: true);
        }

        EpochState epoch = Group.Current;
        Extension[] extensions =
        [
            new(ExtensionType.RatchetTree, epoch.Tree.Encode()),
            new(ExtensionType.ExternalPub, epoch.Secrets.ExternalKeyPair(_suite).PublicKey),
        ];
        return MlsMessage.Encode(
            WireFormat.GroupInfo,
            PulseMeet.E2E.Mls.GroupInfo.Sign(
                _suite, epoch.Context, extensions, epoch.ConfirmationTag, epoch.Own, epoch.SignatureKey));
    }

    public void HoldPsk(byte[] id, byte[] key) => _psks[Convert.ToHexString(id)] = key;

    public InteropPlace Where()
    {
        using MlsSecret exported = _group!.Export("interop"u8, [0, 255], 32);
        return new InteropPlace(
            _group.Epoch,
            _group.Own,
            Convert.ToHexStringLower(_group.EpochAuthenticator()),
            Convert.ToHexStringLower(exported.Reveal()));
    }

    /// <summary>The leaves that are not blank, from the left.</summary>
    public IEnumerable<uint> Leaves() => _group!.Current.Tree.Members().Select(member => member.Index);

    /// <summary>Verifies the group's tree as a joiner does.</summary>
    public void ValidateTree() => TreeValidation.Validate(_group!.Current.Tree, _suite);

    private static WireFormat Format(bool isPublic) => isPublic ? WireFormat.PublicMessage : WireFormat.PrivateMessage;

    private sealed class Held(Dictionary<string, byte[]> keys) : IPreSharedKeys
    {
        public MlsSecret? Find(PreSharedKeyId id) =>
            !id.IsResumption && keys.TryGetValue(Convert.ToHexString(id.Id), out byte[]? key) ? MlsSecret.CopyOf(key) : null;
    }
}
