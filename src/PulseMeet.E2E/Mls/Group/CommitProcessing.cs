using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>Processing a commit (RFC 9420, section 12.4.2). Gives a new epoch and leaves the old one untouched.</summary>
/// <remarks>The caller has unprotected the commit and verified its signature (steps 1 to 3). Steps are numbered in the
/// section's order.</remarks>
internal static class CommitProcessing
{
    /// <param name="epoch">The current epoch.</param>
    /// <param name="message">The commit.</param>
    /// <param name="proposals">What came by itself in this epoch.</param>
    /// <param name="psks">The pre-shared keys at hand, the group's own among them.</param>
    /// <param name="policy">What the application allows.</param>
    /// <exception cref="E2EException">The commit is invalid, or does not open for this member.</exception>
    public static CommitOutcome Process(
        EpochState epoch, AuthenticatedContent message, ProposalCache proposals, IPreSharedKeys psks, IGroupPolicy policy)
    {
        Commit commit = message.Content.Commit!;
        Sender sender = message.Content.Sender;
        bool isExternal = sender.Type == SenderType.NewMemberCommit;

        // 12.4.3.2: a joiner cannot know what came by itself.
        if (isExternal && commit.Proposals.Any(entry => entry.Reference is not null))
        {
            throw new E2EException(E2EError.MlsInvalidCommit, "An external commit has a proposal by reference.");
        }

        // Step 4: the proposals are valid (12.2).
        List<CommittedProposal> list = proposals.Resolve(commit, sender);
        uint? replaced = null;
        if (isExternal)
        {
            replaced = ProposalList.ValidateExternal(epoch.Suite, epoch.View, list, policy);
        }
        else
        {
            ProposalList.Validate(epoch.Suite, epoch.View, list, sender.Index, default, policy);
        }

        // Step 6: they are applied to a copy (12.3).
        AppliedProposals applied = AppliedProposals.Apply(epoch.View, list);

        // Step 7: the path is there where it has to be.
        if (commit.Path is null && (applied.RequiresPath || isExternal))
        {
            throw new E2EException(E2EError.MlsInvalidCommit, "A commit that needs a path has none.");
        }

        // Step 8: the path fits, and is merged into the tree.
        uint committer = isExternal ? applied.Tree.FirstBlankLeaf() : sender.Index;
        if (commit.Path is { } path)
        {
            LeafNode? before = isExternal
                ? replaced is { } old ? epoch.Tree.Leaf(old) : null
                : epoch.Tree.Leaf(sender.Index);
            PathValidation.ValidateAndMerge(epoch, applied, committer, before, path, policy);
        }

        // 12.2, rule 12: the tree that comes out is valid.
        LeafValidation.ValidateTogether(applied.Tree, applied.Extensions);
        GroupContext provisional = epoch.Context.Next(applied.Tree.TreeHash(), applied.Extensions);
        var view = new CommitView
        {
            Before = epoch.View,
            After = new GroupView(provisional, applied.Tree),
            Sender = sender,
            Committer = committer,
            Proposals = list,
            Added = applied.Added,
            Removed = applied.Removed,
            Updated = applied.Updated,
            AuthenticatedData = message.Content.AuthenticatedData,
        };
        policy.JudgeCommit(view);
        return applied.Removed.Contains(epoch.Own)
            ? new CommitOutcome(view, null)
            : new CommitOutcome(view, Enter(epoch, message, proposals, list, applied, provisional, committer, psks));
    }

    /// <summary>Step 8's secrets, and steps 9 to 13: the key schedule, and the tag that shows that all agree.</summary>
    private static EpochState Enter(
        EpochState epoch,
        AuthenticatedContent message,
        ProposalCache proposals,
        List<CommittedProposal> list,
        AppliedProposals applied,
        GroupContext provisional,
        uint committer,
        IPreSharedKeys psks)
    {
        MlsSuite suite = epoch.Suite;
        CachedProposal? ownUpdate = OwnUpdate(epoch, proposals, list);
        NodeKeys keys = epoch.Keys.CopyFor(epoch.Tree, applied.Tree);
        MlsSignatureKey signatureKey = (ownUpdate?.SignatureKey ?? epoch.SignatureKey).Copy();
        EpochSecrets? secrets = null;
        try
        {
            if (ownUpdate is not null)
            {
                keys.Set(2 * epoch.Own, ownUpdate.LeafKey!.Copy());
            }

            using MlsSecret commitSecret = message.Content.Commit!.Path is { } path
                ? OpenPath(epoch, applied, committer, path, provisional, keys)
                : suite.ZeroSecret();

            // Step 5: every pre-shared key is at hand. Step 11: psk_secret.
            using MlsSecret pskSecret = PreSharedKeys.Secret(suite, psks, applied.Psks);

            // Step 10: the transcript.
            GroupContext context = provisional.WithTranscript(
                TranscriptHash.Confirmed(suite, epoch.InterimTranscriptHash, message));

            // Step 12: the key schedule, from the external init secret where there is one (8.3).
            using MlsSecret? external = ImportExternalInit(epoch, applied.ExternalInit);
            using MlsSecret joiner = KeySchedule.Joiner(suite, external ?? epoch.Secrets.Init, commitSecret, context);
            using MlsSecret member = KeySchedule.Member(suite, joiner, pskSecret);
            secrets = KeySchedule.Epoch(suite, member, context);

            // Step 13: the confirmation tag.
            if (!ConstantTime.AreEqual(
                secrets.ConfirmationTag(suite, context.ConfirmedTranscriptHash), message.ConfirmationTag))
            {
                throw new E2EException(E2EError.MlsInvalidCommit, "The confirmation tag does not verify.");
            }

            return EpochState.From(suite, context, applied.Tree, secrets, epoch.Own, keys, signatureKey, applied.ReInit);
        }
        catch
        {
            secrets?.Dispose();
            keys.Dispose();
            signatureKey.Dispose();
            throw;
        }
    }

    private static MlsSecret OpenPath(
        EpochState epoch, AppliedProposals applied, uint committer, UpdatePath path, GroupContext provisional, NodeKeys keys)
    {
        var opened = new Dictionary<uint, MlsSecret>();
        try
        {
            MlsSecret commitSecret = PathSecrets.Open(
                epoch.Suite,
                applied.Tree,
                committer,
                epoch.Own,
                path,
                applied.Added,
                provisional.Encoded,
                keys.ByNode,
                opened,
                out MlsSecret ownPathSecret);
            ownPathSecret.Dispose();
            foreach ((uint node, MlsSecret key) in opened)
            {
                keys.Set(node, key);
            }

            return commitSecret;
        }
        catch (E2EException exception) when (exception.Reason == E2EError.MlsPathUnreadable)
        {
            exception.Data["mls.committer"] = committer;
            throw;
        }
    }

    private static MlsSecret? ImportExternalInit(EpochState epoch, ExternalInitProposal? proposal)
    {
        if (proposal is null)
        {
            return null;
        }

        try
        {
            return epoch.Suite.ImportExternalInit(epoch.Secrets.ExternalKeyPair(epoch.Suite).PrivateKey, proposal.KemOutput);
        }
        catch (E2EException exception) when (exception.Reason == E2EError.InvalidPublicKey)
        {
            throw new E2EException(E2EError.MlsInvalidCommit, "The external init secret does not open.", exception);
        }
    }

    private static CachedProposal? OwnUpdate(EpochState epoch, ProposalCache proposals, List<CommittedProposal> list)
    {
        foreach (CommittedProposal entry in list)
        {
            if (entry.Proposal is UpdateProposal && entry.Sender == Sender.Member(epoch.Own))
            {
                CachedProposal cached = proposals.Find(entry.Reference)!;

                // An Update that this member signed, but whose keys it does not hold: another copy of it is at work.
                return cached.LeafKey is not null ? cached : throw new E2EException(E2EError.MlsInvalidCommit, "An unknown own Update.");
            }
        }

        return null;
    }
}

/// <summary>What a commit leads to.</summary>
/// <param name="View">The commit and its effect.</param>
/// <param name="Next">The new epoch; null where the commit removes this member.</param>
internal sealed record CommitOutcome(CommitView View, EpochState? Next);
