using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>Commits of a member, or of a joiner, who keeps no rule: right in everything but in what the test breaks.</summary>
internal sealed partial class Forged
{
    /// <summary>What the commit says.</summary>
    public IReadOnlyList<CommittedProposal> Proposals { get; init; } = [];

    /// <summary>What its tree is made with; <see cref="Proposals"/>, unless those cannot be applied.</summary>
    public IReadOnlyList<CommittedProposal>? Applied { get; init; }

    public bool WithPath { get; init; } = true;

    /// <summary>Takes the place of the path's leaf, in the tree too.</summary>
    public Func<LeafNode, LeafNode>? Leaf { get; init; }

    /// <summary>Changes the path as it is sent.</summary>
    public Func<UpdatePath, UpdatePath>? Path { get; init; }

    /// <summary>Keys for the path's nodes in place of the forger's, with the parent hashes and the leaf's signature that go with
    /// them: nothing but the keys is wrong.</summary>
    public Func<UpdatePath, byte[][]>? Keys { get; init; }

    /// <summary>Changes what the commit consists of.</summary>
    public Func<ProposalOrRef[], ProposalOrRef[]>? Entries { get; init; }

    public WireFormat Format { get; init; } = WireFormat.PublicMessage;

    public Sender? From { get; init; }

    public ulong? Epoch { get; init; }

    public byte[]? GroupId { get; init; }

    /// <summary>Signs the commit in place of the committer.</summary>
    public MlsSignatureKey? Signer { get; init; }

    /// <summary>Changes the confirmation tag.</summary>
    public Func<byte[], byte[]>? Tag { get; init; }

    /// <summary>A private commit of a member with the proposals given by value.</summary>
    public static byte[] Private(EpochState forger, params Proposal[] proposals) => new Forged
    {
        Proposals = [.. proposals.Select(proposal => new CommittedProposal(proposal, Sender.Member(forger.Own), null))],
        Format = WireFormat.PrivateMessage,
    }.By(forger);

    public byte[] By(EpochState epoch)
    {
        AppliedProposals applied = AppliedProposals.Apply(epoch.View, Applied ?? Proposals);
        using MlsSecret init = epoch.Secrets.Init.Copy();
        return Make(epoch, applied, epoch.Own, epoch.OwnLeaf.Content, epoch.SignatureKey, init, From ?? Sender.Member(epoch.Own));
    }

    /// <summary>An external commit; <see cref="Proposals"/> come behind the ExternalInit, unless <paramref name="withInit"/> is
    /// false.</summary>
    public byte[] By(MlsClient joiner, EpochState group, bool withInit = true)
    {
        using MlsSecret init = group.Suite.ExportExternalInit(
            group.Secrets.ExternalKeyPair(group.Suite).PublicKey, out byte[] kemOutput);
        var sender = new Sender(SenderType.NewMemberCommit, 0);
        List<CommittedProposal> list = [.. Proposals];
        if (withInit)
        {
            list.Insert(0, new CommittedProposal(new ExternalInitProposal(kemOutput), sender, null));
        }

        var whole = new Forged
        {
            Proposals = list,
            WithPath = WithPath,
            Leaf = Leaf,
            Path = Path,
            Keys = Keys,
            Entries = Entries,
            Format = WireFormat.PublicMessage,
            Signer = Signer,
            Tag = Tag,
        };
        AppliedProposals applied = AppliedProposals.Apply(group.View, Applied ?? Proposals);
        return whole.Make(
            group, applied, applied.Tree.FirstBlankLeaf(), joiner.LeafContent([]), joiner.SignatureKey, init, From ?? sender);
    }

    private byte[] Make(
        EpochState epoch,
        AppliedProposals applied,
        uint leaf,
        LeafNodeContent content,
        MlsSignatureKey key,
        MlsSecret init,
        Sender sender)
    {
        MlsSuite suite = epoch.Suite;
        using PathCreation? path = WithPath
            ? new PathCreation(suite, applied.Tree, leaf, epoch.Context.GroupId, content, key)
            : null;
        LeafNode? sent = path?.Leaf;
        if (sent is not null && Leaf is not null)
        {
            sent = Leaf(sent);
            applied.Tree.SetLeaf(leaf, sent);
        }

        byte[][]? keys = path is null || Keys is null
            ? null
            : Keys(path.Seal(applied.Added, epoch.Context.Next(applied.Tree.TreeHash(), applied.Extensions)));
        if (keys is not null)
        {
            byte[] parentHash = PathSecrets.Merge(applied.Tree, leaf, keys);
            sent = LeafNode.Sign(
                suite, sent!.Content, LeafNodeSource.Commit, default, parentHash, new LeafPlace(epoch.Context.GroupId, leaf), key);
            applied.Tree.SetLeaf(leaf, sent);
        }

        GroupContext provisional = epoch.Context.Next(applied.Tree.TreeHash(), applied.Extensions);
        UpdatePath? update = path is null ? null : new UpdatePath(sent!, [.. path.Seal(applied.Added, provisional).Nodes]);
        update = update is null || keys is null
            ? update
            : new UpdatePath(sent!, [.. update.Nodes.Select((node, i) => new UpdatePathNode(keys[i], [.. node.EncryptedPathSecrets]))]);
        update = update is null || Path is null ? update : Path(update);
        ProposalOrRef[] entries =
        [
            .. Proposals.Select(entry => entry.Reference is null ? new ProposalOrRef(entry.Proposal) : new ProposalOrRef(entry.Reference)),
        ];
        var framed = new FramedContent
        {
            GroupId = GroupId ?? epoch.Context.GroupId,
            Epoch = Epoch ?? epoch.Context.Epoch,
            Sender = sender,
            AuthenticatedData = [],
            Commit = new Commit(Entries is null ? entries : Entries(entries), update),
        };
        byte[] signature = AuthenticatedContent.Sign(suite, Format, framed, epoch.Context.Encoded, Signer ?? key);
        GroupContext context = provisional.WithTranscript(TranscriptHash.Confirmed(
            suite, epoch.InterimTranscriptHash, new AuthenticatedContent(Format, framed, signature, [])));
        using MlsSecret zero = suite.ZeroSecret();
        using MlsSecret psk = suite.ZeroSecret();
        using MlsSecret joiner = KeySchedule.Joiner(suite, init, path?.CommitSecret ?? zero, context);
        using MlsSecret member = KeySchedule.Member(suite, joiner, psk);
        using EpochSecrets secrets = KeySchedule.Epoch(suite, member, context);
        byte[] tag = secrets.ConfirmationTag(suite, context.ConfirmedTranscriptHash);
        return CommitCreation.Protect(epoch, new AuthenticatedContent(Format, framed, signature, Tag is null ? tag : Tag(tag)));
    }
}
