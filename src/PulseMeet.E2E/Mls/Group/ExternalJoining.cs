namespace PulseMeet.E2E.Mls;

/// <summary>Joining by an external commit (RFC 9420, section 12.4.3.2).</summary>
internal static class ExternalJoining
{
    /// <summary>Makes the commit that adds this client to a group, and the epoch that it begins.</summary>
    /// <param name="info">The group info, with external_pub.</param>
    /// <param name="client">Who joins.</param>
    /// <param name="request">What the joiner brings.</param>
    /// <param name="replaced">The leaf of this client's old appearance, which the commit removes; or null.</param>
    /// <param name="psks">Ids of pre-shared keys to inject.</param>
    /// <param name="authenticatedData">authenticated_data of the commit.</param>
    /// <exception cref="E2EException">The group info breaks a rule, or takes no external commits.</exception>
    public static PendingCommit Create(
        GroupInfo info,
        MlsClient client,
        JoinRequest request,
        uint? replaced,
        IReadOnlyList<PreSharedKeyId> psks,
        byte[] authenticatedData)
    {
        MlsSuite suite = MlsSuite.Get(info.Context.Suite);
        RatchetTree tree = GroupInfoValidation.Validate(suite, info, client.Capabilities, request);
        byte[] externalKey = ExternalKey(info);
        using MlsSecret init = Export(suite, externalKey, out byte[] kemOutput);
        var sender = new Sender(SenderType.NewMemberCommit, 0);
        List<CommittedProposal> list = [new(new ExternalInitProposal(kemOutput), sender, null)];
        if (replaced is { } old)
        {
            list.Add(new(new RemoveProposal(old), sender, null));
        }

        list.AddRange(psks.Select(id => new CommittedProposal(new PreSharedKeyProposal(id), sender, null)));
        var before = new GroupView(info.Context, tree);
        ProposalList.ValidateExternal(suite, before, list, request.Policy);
        AppliedProposals applied = AppliedProposals.Apply(before, list);
        uint leaf = applied.Tree.FirstBlankLeaf();
        using var path = new PathCreation(
            suite, applied.Tree, leaf, info.Context.GroupId, client.LeafContent([]), client.SignatureKey);
        GroupContext provisional = info.Context.Next(applied.Tree.TreeHash(), applied.Extensions);
        Judge(before, applied, provisional, leaf, list, path, replaced, authenticatedData, request);
        var content = new FramedContent
        {
            GroupId = info.Context.GroupId,
            Epoch = info.Context.Epoch,
            Sender = sender,
            AuthenticatedData = authenticatedData,
            Commit = new Commit([.. list.Select(entry => new ProposalOrRef(entry.Proposal))], path.Seal([], provisional)),
        };
        byte[] signature = AuthenticatedContent.Sign(
            suite, WireFormat.PublicMessage, content, info.Context.Encoded, client.SignatureKey);
        byte[] interim = TranscriptHash.Interim(suite, info.Context.ConfirmedTranscriptHash, info.ConfirmationTag);
        GroupContext context = provisional.WithTranscript(TranscriptHash.Confirmed(
            suite, interim, new AuthenticatedContent(WireFormat.PublicMessage, content, signature, [])));
        using MlsSecret pskSecret = PreSharedKeys.Secret(suite, request.Psks, applied.Psks);
        using MlsSecret joiner = KeySchedule.Joiner(suite, init, path.CommitSecret, context);
        using MlsSecret member = KeySchedule.Member(suite, joiner, pskSecret);
        var keys = new NodeKeys();
        path.PutKeys(keys);
        EpochState next = EpochState.From(
            suite, context, applied.Tree, KeySchedule.Epoch(suite, member, context), leaf, keys, client.SignatureKey.Copy());
        var commit = new AuthenticatedContent(WireFormat.PublicMessage, content, signature, next.ConfirmationTag);
        return new PendingCommit(
            MlsMessage.Encode(WireFormat.PublicMessage, new PublicMessage(commit, null)),
            [],
            GroupInfoCreation.Encode(next, withExternalKey: true),
            next);
    }

    /// <summary>What every member will verify.</summary>
    private static void Judge(
        GroupView before,
        AppliedProposals applied,
        GroupContext provisional,
        uint leaf,
        List<CommittedProposal> list,
        PathCreation path,
        uint? replaced,
        byte[] authenticatedData,
        JoinRequest request)
    {
        if (replaced is { } old)
        {
            ProposalRules.ValidateSuccessor(before.Tree.Leaf(old)!, path.Leaf, request.Policy);
        }

        LeafValidation.ValidateTogether(applied.Tree, applied.Extensions);
        request.Policy.JudgeLeaf(path.Leaf, applied.Extensions);
        request.Policy.JudgeCommit(new CommitView
        {
            Before = before,
            After = new GroupView(provisional, applied.Tree),
            Sender = new Sender(SenderType.NewMemberCommit, 0),
            Committer = leaf,
            Proposals = list,
            Added = applied.Added,
            Removed = applied.Removed,
            Updated = applied.Updated,
            AuthenticatedData = authenticatedData,
        });
    }

    private static byte[] ExternalKey(GroupInfo info)
    {
        if (info.Extensions.Find(ExtensionType.ExternalPub) is not { } extension)
        {
            throw GroupInfoValidation.Invalid("The group takes no external commits.");
        }

        var reader = new MlsReader(extension.Data);
        byte[] key = reader.ReadVector().ToArray();
        reader.ExpectEnd();
        return key;
    }

    private static MlsSecret Export(MlsSuite suite, byte[] externalKey, out byte[] kemOutput)
    {
        try
        {
            return suite.ExportExternalInit(externalKey, out kemOutput);
        }
        catch (E2EException exception) when (exception.Reason == E2EError.InvalidPublicKey)
        {
            throw new E2EException(E2EError.MlsInvalidWelcome, "The external key is malformed.", exception);
        }
    }
}
