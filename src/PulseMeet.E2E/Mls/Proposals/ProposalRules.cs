using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>When a proposal by itself is invalid (RFC 9420, sections 12.1 and 12.1.8).</summary>
internal static class ProposalRules
{
    /// <param name="suite">The group's.</param>
    /// <param name="group">The group, with its tree as it is before the commit.</param>
    /// <param name="extensions">The group context's extensions, as the commit leaves them.</param>
    /// <param name="proposal">The proposal.</param>
    /// <param name="sender">Whose it is.</param>
    /// <param name="creation">The usage of the resumption key that a new group is created with; else 0.</param>
    /// <param name="policy">Says who a credential is.</param>
    /// <exception cref="E2EException">Any of the reasons of a leaf, a key package, or
    /// <see cref="E2EError.MlsInvalidProposal"/>.</exception>
    public static void Validate(
        MlsSuite suite,
        GroupView group,
        IReadOnlyList<Extension> extensions,
        Proposal proposal,
        Sender sender,
        ResumptionUsage creation,
        IGroupPolicy policy)
    {
        // 12.1.8: what an outsider may propose; a new member proposes its own Add alone.
        Require(
            sender.Type != SenderType.External || ProposalType.IsExternalAllowed(proposal.Type),
            "It is none that an external sender may make.");
        Require(
            sender.Type != SenderType.NewMemberProposal || proposal is AddProposal,
            "A new member proposes to be added, nothing else.");
        switch (proposal)
        {
            case AddProposal add:
                // 12.1.1: the key package is valid (10.1; its second rule is 7.3).
                add.KeyPackage.Validate(suite);
                LeafValidation.Validate(suite, add.KeyPackage.Leaf, LeafNodeSource.KeyPackage, default, extensions, policy);
                break;
            case UpdateProposal update:
                ValidateUpdate(suite, group, extensions, update, sender, policy);
                break;
            case RemoveProposal remove:
                // 12.1.3: the leaf is there.
                Require(group.Tree.Leaf(remove.Removed) is not null, "It removes a blank leaf.");
                break;
            case PreSharedKeyProposal psk:
                ValidatePsk(suite, psk.Id, creation);
                break;
            case ExternalInitProposal:
                // 12.1.6: in external commits alone.
                Require(sender.Type == SenderType.NewMemberCommit, "An ExternalInit is none of an external commit.");
                break;
            case ReInitProposal reInit:
                // 12.1.5: the version is not lower.
                Require(reInit.Version >= MlsNumbers.Mls10, "It lowers the version.");
                break;
            case GroupContextExtensionsProposal changed:
                // 12.1.7: what is required is there in all; the tree that the commit leaves is checked for it. Here: the form.
                _ = RequiredCapabilities.Of(changed.Extensions);
                _ = ExternalSender.Of(changed.Extensions);
                break;
            default:
                break;
        }
    }

    private static void ValidateUpdate(
        MlsSuite suite, GroupView group, IReadOnlyList<Extension> extensions, UpdateProposal update, Sender sender, IGroupPolicy policy)
    {
        LeafNode? before = sender.Type == SenderType.Member ? group.Tree.Leaf(sender.Index) : null;
        Require(before is not null, "An Update is no member's.");

        // 12.1.2: the leaf is valid for an Update (7.3, rule 7), for the place that it replaces.
        LeafValidation.Validate(
            suite, update.Leaf, LeafNodeSource.Update, new LeafPlace(group.Context.GroupId, sender.Index), extensions, policy);
        ValidateSuccessor(before!, update.Leaf, policy);
    }

    /// <summary>7.3, rule 7: the encryption key is another one than before; 5.3.1: the credential may follow the last.</summary>
    public static void ValidateSuccessor(LeafNode before, LeafNode after, IGroupPolicy policy)
    {
        if (PublicBytes.Equal(before.EncryptionKey, after.EncryptionKey))
        {
            throw new E2EException(E2EError.MlsInvalidLeaf, "It has the encryption key of the leaf that it replaces.");
        }

        if (!policy.MayFollow(before, after))
        {
            throw new E2EException(E2EError.MlsRefusedByPolicy, "A credential may not take the place of another.");
        }
    }

    private static void ValidatePsk(MlsSuite suite, PreSharedKeyId id, ResumptionUsage creation)
    {
        // 12.1.4, first and second rule: the usages of a new group's first commit are for that alone.
        Require(
            id.Usage is not (ResumptionUsage.ReInit or ResumptionUsage.Branch) || id.Usage == creation,
            "A resumption key of a re-initialisation or a branch is used elsewhere.");

        // 12.1.4, third rule: the nonce's length.
        Require(id.Nonce.Length == suite.SecretSize, "A pre-shared key's nonce has another length than KDF.Nh.");
    }

    private static void Require(bool holds, string detail)
    {
        if (!holds)
        {
            throw new E2EException(E2EError.MlsInvalidProposal, detail);
        }
    }
}
