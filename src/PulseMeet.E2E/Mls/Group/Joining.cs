using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>Joining by a Welcome (RFC 9420, section 12.4.3.1).</summary>
internal static class Joining
{
    /// <param name="welcome">The Welcome.</param>
    /// <param name="own">The key package that it is for, with its keys. Not disposed.</param>
    /// <param name="request">What the joiner brings.</param>
    /// <param name="signer">The leaf that signed the group info.</param>
    /// <exception cref="E2EException">The Welcome is not for this client, or breaks a rule.</exception>
    public static EpochState FromWelcome(Welcome welcome, KeyPackageKeys own, JoinRequest request, out uint signer)
    {
        MlsSuite suite = MlsSuite.Get(welcome.Suite);
        if (own.KeyPackage.Suite != suite.Id)
        {
            throw new E2EException(E2EError.MlsNotForThisClient, "The Welcome has another suite than the key package.");
        }

        using GroupSecrets secrets = welcome.OpenFor(suite, own.KeyPackage, own.InitKey);
        RequireOneCreationKey(secrets);
        using MlsSecret pskSecret = PreSharedKeys.Secret(suite, request.Psks, secrets.Psks);
        using MlsSecret member = KeySchedule.Member(suite, secrets.JoinerSecret, pskSecret);
        using MlsSecret welcomeSecret = KeySchedule.Welcome(suite, member);
        GroupInfo info = welcome.OpenGroupInfo(suite, welcomeSecret);
        RatchetTree tree = GroupInfoValidation.Validate(suite, info, own.KeyPackage.Leaf.Capabilities, request);
        uint leaf = Find(tree, own.KeyPackage.Leaf);
        signer = info.Signer;
        CreationRules.Validate(suite, secrets.Psks, info, tree, request);

        EpochSecrets? epochSecrets = null;
        var keys = new NodeKeys();
        try
        {
            keys.Set(2 * leaf, own.LeafKey.Copy());
            if (secrets.PathSecret is { } pathSecret)
            {
                PutPathKeys(suite, tree, info.Signer, leaf, pathSecret, keys);
            }

            epochSecrets = KeySchedule.Epoch(suite, member, info.Context);
            if (!ConstantTime.AreEqual(
                epochSecrets.ConfirmationTag(suite, info.Context.ConfirmedTranscriptHash), info.ConfirmationTag))
            {
                throw GroupInfoValidation.Invalid("The confirmation tag does not verify.");
            }

            return EpochState.From(suite, info.Context, tree, epochSecrets, leaf, keys, own.SignatureKey.Copy());
        }
        catch
        {
            epochSecrets?.Dispose();
            keys.Dispose();
            throw;
        }
    }

    /// <summary>A resumption key of a re-initialisation or a branch is the only such one.</summary>
    private static void RequireOneCreationKey(GroupSecrets secrets)
    {
        if (secrets.Psks.Count(id => id.Usage is ResumptionUsage.ReInit or ResumptionUsage.Branch) > 1)
        {
            throw GroupInfoValidation.Invalid("It has two resumption keys of new groups.");
        }
    }

    private static uint Find(RatchetTree tree, LeafNode own)
    {
        foreach ((uint index, LeafNode leaf) in tree.Members())
        {
            if (leaf.IsSame(own))
            {
                return index;
            }
        }

        throw GroupInfoValidation.Invalid("The joiner's leaf is not in the tree.");
    }

    /// <summary>The keys from the lowest node above both the joiner and the committer, up to the root.</summary>
    private static void PutPathKeys(
        MlsSuite suite, RatchetTree tree, uint committer, uint own, MlsSecret pathSecret, NodeKeys keys)
    {
        List<uint> path = tree.FilteredDirectPath(committer);
        int start = committer == own ? -1 : path.IndexOf(TreeMath.CommonAncestor(committer, own));
        if (start < 0 || path.Skip(start).Any(tree.IsBlank) || pathSecret.Length != suite.SecretSize)
        {
            throw GroupInfoValidation.Invalid("Its path secret is for no node of the tree.");
        }

        var opened = new Dictionary<uint, MlsSecret>();
        try
        {
            PathSecrets.Climb(suite, tree, path, start, pathSecret.Copy(), opened).Dispose();
        }
        catch (E2EException exception) when (exception.Reason == E2EError.MlsPathUnreadable)
        {
            throw new E2EException(E2EError.MlsInvalidWelcome, "Its path secret is not that of the tree.", exception);
        }

        foreach ((uint node, MlsSecret key) in opened)
        {
            keys.Set(node, key);
        }
    }
}
