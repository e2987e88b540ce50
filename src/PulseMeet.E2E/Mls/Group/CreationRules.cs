using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>What a joiner verifies of a group that says that it continues another one (RFC 9420, sections 11.2, 11.3
/// and 12.4.3.1).</summary>
internal static class CreationRules
{
    public static void Validate(
        MlsSuite suite, IReadOnlyList<PreSharedKeyId> psks, GroupInfo info, RatchetTree tree, JoinRequest request)
    {
        PreSharedKeyId? link = psks.FirstOrDefault(id => id.Usage is ResumptionUsage.ReInit or ResumptionUsage.Branch);
        if (link is null)
        {
            return;
        }

        // 12.4.3.1, last step: it is the new group's first commit, and the old group is at hand.
        if (info.Context.Epoch != 1
            || request.Previous is not { } old
            || !PublicBytes.Equal(old.Context.GroupId, link.Id)
            || old.Context.Epoch != link.Epoch)
        {
            throw GroupInfoValidation.Invalid("It continues a group that is not at hand, or not from its first epoch.");
        }

        KeySet former = Clients(old.Tree, request.Policy);
        if (link.Usage == ResumptionUsage.Branch)
        {
            // 11.3: the same parameters, and members of the old group alone.
            if (suite.Id != old.Suite.Id || tree.Members().Any(member => !former.Contains(request.Policy.ClientOf(member.Leaf))))
            {
                throw GroupInfoValidation.Invalid("A branch has another suite, or a member that the group did not have.");
            }

            return;
        }

        // 11.2: what the ReInit said, and all members of the old group.
        KeySet present = Clients(tree, request.Policy);
        if (old.ReInit is not { } reInit
            || reInit.Version != MlsNumbers.Mls10
            || reInit.Suite != suite.Id
            || !PublicBytes.Equal(reInit.GroupId, info.Context.GroupId)
            || !PublicBytes.Equal(Encode(reInit.Extensions), Encode(info.Context.Extensions))
            || old.Tree.Members().Any(member => !present.Contains(request.Policy.ClientOf(member.Leaf))))
        {
            throw GroupInfoValidation.Invalid("A re-initialised group is not the one that was committed to.");
        }
    }

    private static KeySet Clients(RatchetTree tree, IGroupPolicy policy)
    {
        var clients = new KeySet();
        foreach ((_, LeafNode leaf) in tree.Members())
        {
            clients.Add(policy.ClientOf(leaf));
        }

        return clients;
    }

    private static byte[] Encode(IEnumerable<Extension> extensions)
    {
        using var writer = new MlsWriter();
        writer.WriteAll(extensions);
        return writer.ToArray();
    }
}
