namespace PulseMeet.E2E.Mls.Tests;

/// <summary>Welcomes of a member who keeps no rule.</summary>
internal sealed class ForgedWelcome
{
    public Func<GroupContext, GroupContext>? Context { get; init; }

    public Func<byte[], byte[]>? Tag { get; init; }

    public uint? Signer { get; init; }

    public MlsSignatureKey? Key { get; init; }

    public Func<byte[], byte[]>? Tree { get; init; }

    /// <summary>Changes the tree before the forger's path is put over it.</summary>
    public Action<RatchetTree>? Below { get; init; }

    /// <summary>Changes the tree as it is sent.</summary>
    public Action<RatchetTree>? Nodes { get; init; }

    public Func<MlsSecret, MlsSecret>? PathSecret { get; init; }

    public IReadOnlyList<PreSharedKeyId> Psks { get; init; } = [];

    public IReadOnlyList<(PreSharedKeyId Id, MlsSecret Key)> PskKeys { get; init; } = [];

    public ushort? Suite { get; init; }

    public byte[]? Reference { get; init; }

    public IReadOnlyList<Extension> Extensions { get; init; } = [];

    /// <summary>The forger, alone in its group, adds the joiner.</summary>
    public byte[] By(Member forger, KeyPackage joiner)
    {
        EpochState epoch = forger.Epoch;
        MlsSuite suite = epoch.Suite;
        AppliedProposals applied = AppliedProposals.Apply(
            epoch.View, [new CommittedProposal(new AddProposal(joiner), Sender.Member(epoch.Own), null)]);
        Below?.Invoke(applied.Tree);
        using var path = new PathCreation(
            suite, applied.Tree, epoch.Own, epoch.Context.GroupId, epoch.OwnLeaf.Content, epoch.SignatureKey);
        RatchetTree tree = applied.Tree;
        Nodes?.Invoke(tree);
        GroupContext context = epoch.Context.Next(tree.TreeHash(), epoch.Context.Extensions).WithTranscript(new byte[32]);
        context = Context is null ? context : Context(context);
        using MlsSecret psk = KeySchedule.PskSecret(suite, PskKeys);
        using MlsSecret joinerSecret = KeySchedule.Joiner(suite, epoch.Secrets.Init, path.CommitSecret, context);
        using MlsSecret member = KeySchedule.Member(suite, joinerSecret, psk);
        using EpochSecrets secrets = KeySchedule.Epoch(suite, member, context);
        byte[] tag = secrets.ConfirmationTag(suite, context.ConfirmedTranscriptHash);
        byte[] encoded = tree.Encode();
        GroupInfo info = GroupInfo.Sign(
            suite,
            context,
            [new Extension(ExtensionType.RatchetTree, Tree is null ? encoded : Tree(encoded)), .. Extensions],
            Tag is null ? tag : Tag(tag),
            Signer ?? epoch.Own,
            Key ?? epoch.SignatureKey);
        byte[] sealedInfo = Welcome.SealGroupInfo(suite, KeySchedule.Welcome(suite, member), info);
        MlsSecret pathSecret = path.SecretFor(applied.Added[0]).Copy();
        using var group = new GroupSecrets(joinerSecret.Copy(), PathSecret is null ? pathSecret : PathSecret(pathSecret), [.. Psks]);
        EncryptedGroupSecrets entry = Welcome.Seal(suite, joiner, group, sealedInfo);
        return MlsMessage.Encode(
            WireFormat.Welcome,
            new Welcome(Suite ?? suite.Id, [new EncryptedGroupSecrets(Reference ?? entry.NewMember, entry.Secrets)], sealedInfo));
    }
}
