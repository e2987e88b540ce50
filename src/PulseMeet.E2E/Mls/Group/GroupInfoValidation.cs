using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>What a joiner verifies of a group info and its tree, before it relies on either (RFC 9420, sections 12.4.3
/// and 12.4.3.1).</summary>
internal static class GroupInfoValidation
{
    /// <returns>The group's tree.</returns>
    public static RatchetTree Validate(MlsSuite suite, GroupInfo info, Capabilities own, JoinRequest request)
    {
        GroupContext context = info.Context;
        if (context.Suite != suite.Id)
        {
            throw Invalid("The group has another cipher suite.");
        }

        // 12.4.3: the id is unique among this client's groups.
        if (request.IsMemberOf(context.GroupId))
        {
            throw Invalid("This client is in a group of that id.");
        }

        // 13.4: the joiner supports every extension of the group; what it lists for grease it does not.
        foreach (Extension extension in context.Extensions)
        {
            if (!own.SupportsExtension(extension.Type) || MlsNumbers.IsGrease(extension.Type))
            {
                throw new E2EException(E2EError.MlsUnsupported, "The group has an extension that this client lacks.");
            }
        }

        byte[] encoded = info.Extensions.Find(ExtensionType.RatchetTree)?.Data ?? request.Tree
            ?? throw Invalid("The ratchet tree is missing.");
        RatchetTree tree = RatchetTree.Decode(suite, encoded);

        // The tree is the one that the group context names.
        if (!PublicBytes.Equal(tree.TreeHash(), context.TreeHash))
        {
            throw new E2EException(E2EError.MlsInvalidTree, "The tree has another hash than the group context.");
        }

        // The signature, by the key of the leaf that signed.
        if (tree.Leaf(info.Signer) is not { } signer || !info.IsSignatureValid(suite, signer.SignatureKey))
        {
            throw Invalid("The group info's signature does not verify.");
        }

        // Parent hashes, unmerged leaves, unique keys; and each leaf (7.3).
        TreeValidation.Validate(tree, suite);
        foreach ((uint index, LeafNode leaf) in tree.Members())
        {
            LeafValidation.Validate(
                suite, leaf, null, new LeafPlace(context.GroupId, index), context.Extensions, request.Policy);
        }

        LeafValidation.ValidateTogether(tree, context.Extensions);
        return tree;
    }

    public static E2EException Invalid(string detail) => new(E2EError.MlsInvalidWelcome, detail);
}
