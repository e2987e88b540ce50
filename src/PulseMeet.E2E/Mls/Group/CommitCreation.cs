namespace PulseMeet.E2E.Mls;

/// <summary>Creating a commit (RFC 9420, section 12.4.1). The epoch stays as it is, but for the handshake key that a private
/// framing uses up.</summary>
internal static class CommitCreation
{
    /// <param name="epoch">The current epoch.</param>
    /// <param name="request">What to commit.</param>
    /// <param name="received">The proposals of the epoch.</param>
    /// <param name="psks">The pre-shared keys at hand, the group's own among them.</param>
    /// <param name="policy">What the application allows: the committer's own commit is judged too.</param>
    /// <param name="now">Key packages that are added are current.</param>
    /// <exception cref="E2EException">The list is invalid, or refused by the policy.</exception>
    public static PendingCommit Create(
        EpochState epoch, CommitRequest request, ProposalCache received, IPreSharedKeys psks, IGroupPolicy policy, DateTimeOffset now)
    {
        MlsSuite suite = epoch.Suite;
        Sender sender = Sender.Member(epoch.Own);
        List<CommittedProposal> list = [.. request.Proposals.Select(proposal => new CommittedProposal(proposal, sender, null))];
        if (request.CoverReceived)
        {
            list = ProposalSelection.Select(epoch, list, received, policy);
        }

        ProposalList.Validate(suite, epoch.View, list, epoch.Own, request.Creation, policy);
        AppliedProposals applied = AppliedProposals.Apply(epoch.View, list);
        applied.KeyPackages.ForEach(keyPackage => LeafValidation.RequireCurrent(keyPackage, now));
        MlsSignatureKey signatureKey = request.SignatureKey ?? epoch.SignatureKey;
        NodeKeys keys = epoch.Keys.CopyFor(epoch.Tree, applied.Tree);
        EpochSecrets? secrets = null;
        try
        {
            using PathCreation? path = request.WithPath || applied.RequiresPath || request.Leaf is not null
                ? new PathCreation(
                    suite,
                    applied.Tree,
                    epoch.Own,
                    epoch.Context.GroupId,
                    request.Leaf ?? epoch.OwnLeaf.Content,
                    signatureKey)
                : null;
            path?.PutKeys(keys);
            GroupContext provisional = epoch.Context.Next(applied.Tree.TreeHash(), applied.Extensions);
            ValidateOutcome(epoch, path, list, applied, provisional, request, policy);

            var content = new FramedContent
            {
                GroupId = epoch.Context.GroupId,
                Epoch = epoch.Context.Epoch,
                Sender = sender,
                AuthenticatedData = request.AuthenticatedData,
                Commit = new Commit(
                    [.. list.Select(entry => entry.Reference is { } reference ? new ProposalOrRef(reference) : new ProposalOrRef(entry.Proposal))],
                    path?.Seal(applied.Added, provisional)),
            };

            // Signed for the old epoch, with the key that the old epoch knows.
            byte[] signature = AuthenticatedContent.Sign(suite, request.Format, content, epoch.Context.Encoded, epoch.SignatureKey);
            GroupContext context = provisional.WithTranscript(TranscriptHash.Confirmed(
                suite, epoch.InterimTranscriptHash, new AuthenticatedContent(request.Format, content, signature, [])));
            using MlsSecret zero = suite.ZeroSecret();
            using MlsSecret pskSecret = PreSharedKeys.Secret(suite, psks, applied.Psks);
            using MlsSecret joiner = KeySchedule.Joiner(suite, epoch.Secrets.Init, path?.CommitSecret ?? zero, context);
            using MlsSecret member = KeySchedule.Member(suite, joiner, pskSecret);
            secrets = KeySchedule.Epoch(suite, member, context);
            EpochState next = EpochState.From(
                suite, context, applied.Tree, secrets, epoch.Own, keys, signatureKey.Copy(), applied.ReInit);
            var commit = new AuthenticatedContent(request.Format, content, signature, next.ConfirmationTag);
            return new PendingCommit(
                Protect(epoch, commit),
                WelcomeCreation.Create(next, applied, path, joiner, member, request.TreeInWelcome),
                GroupInfoCreation.Encode(next, request.AllowExternalJoin),
                next);
        }
        catch
        {
            secrets?.Dispose();
            keys.Dispose();
            throw;
        }
    }

    /// <summary>The framing of a handshake message of the epoch.</summary>
    public static byte[] Protect(EpochState epoch, AuthenticatedContent content) =>
        content.WireFormat == WireFormat.PublicMessage
            ? MlsMessage.Encode(
                WireFormat.PublicMessage,
                PublicMessage.Protect(epoch.Suite, content, epoch.Secrets.MembershipKey, epoch.Context.Encoded))
            : MlsMessage.Encode(
                WireFormat.PrivateMessage,
                MessageProtection.Seal(epoch.Suite, content, epoch.Secrets.SenderData, epoch.Ratchets, 0));

    /// <summary>What every receiver will verify.</summary>
    private static void ValidateOutcome(
        EpochState epoch,
        PathCreation? path,
        List<CommittedProposal> list,
        AppliedProposals applied,
        GroupContext provisional,
        CommitRequest request,
        IGroupPolicy policy)
    {
        if (path is not null)
        {
            LeafValidation.Validate(
                epoch.Suite,
                path.Leaf,
                LeafNodeSource.Commit,
                new LeafPlace(epoch.Context.GroupId, epoch.Own),
                applied.Extensions,
                policy);
            ProposalRules.ValidateSuccessor(epoch.OwnLeaf, path.Leaf, policy);
        }

        LeafValidation.ValidateTogether(applied.Tree, applied.Extensions);
        policy.JudgeCommit(new CommitView
        {
            Before = epoch.View,
            After = new GroupView(provisional, applied.Tree),
            Sender = Sender.Member(epoch.Own),
            Committer = epoch.Own,
            Proposals = list,
            Added = applied.Added,
            Removed = applied.Removed,
            Updated = applied.Updated,
            AuthenticatedData = request.AuthenticatedData,
        });
    }
}
