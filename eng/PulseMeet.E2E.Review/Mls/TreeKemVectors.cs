using System.Text.Json;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>treekem: every member opens every path of the vector, and one of our own making.</summary>
internal static class TreeKemVectors
{
    public static bool TreeKemHolds(JsonElement entry, MlsSuite suite) =>
        entry.GetProperty("update_paths").EnumerateArray().All(path => GivenPathHolds(entry, path, suite) && OwnPathHolds(entry, path, suite));

    private static bool GivenPathHolds(JsonElement entry, JsonElement given, MlsSuite suite)
    {
        uint sender = given.GetProperty("sender").GetUInt32();
        var path = MlsEncoding.Decode<UpdatePath>(given.Bytes("update_path"));
        RatchetTree tree = RatchetTree.Decode(suite, entry.Bytes("ratchet_tree"));
        byte[] parentHash = PathSecrets.Merge(tree, sender, [.. path.Nodes.Select(node => node.EncryptionKey)]);
        tree.SetLeaf(sender, path.Leaf);
        GroupContext context = Context(entry, suite, tree);
        return given.Is("tree_hash_after", tree.TreeHash())
            && parentHash.AsSpan().SequenceEqual(path.Leaf.ParentHash)
            && path.Leaf.IsSignatureValid(suite, new LeafPlace(context.GroupId, sender))
            && AllOpen(entry, suite, tree, sender, path, context, (leaf, secret, commit) =>
                given.Is("commit_secret", commit)
                && secret.Reveal().AsSpan().SequenceEqual(Convert.FromHexString(given.GetProperty("path_secrets")[(int)leaf].GetString()!)));
    }

    private static bool OwnPathHolds(JsonElement entry, JsonElement given, MlsSuite suite)
    {
        uint sender = given.GetProperty("sender").GetUInt32();
        JsonElement member = entry.GetProperty("leaves_private").EnumerateArray().First(leaf => leaf.GetProperty("index").GetUInt32() == sender);
        RatchetTree tree = RatchetTree.Decode(suite, entry.Bytes("ratchet_tree"));
        List<uint> nodes = tree.FilteredDirectPath(sender);
        var secrets = new List<MlsSecret>();
        for (MlsSecret secret = MlsSecret.Random(suite.SecretSize); secrets.Count < nodes.Count; secret = PathSecrets.Next(suite, secret))
        {
            secrets.Add(secret);
        }

        byte[] parentHash = PathSecrets.Merge(
            tree, sender, [.. secrets.Select(secret => PathSecrets.NodeKeyPair(suite, secret).PublicKey)]);
        using var key = MlsSignatureKey.Import(member.Bytes("signature_priv"));
        LeafNode leaf = LeafNode.Sign(
            suite,
            tree.Leaf(sender)!.Content.WithEncryptionKey(suite.GenerateKeyPair().PublicKey),
            LeafNodeSource.Commit,
            default,
            parentHash,
            new LeafPlace(entry.Bytes("group_id"), sender),
            key);
        tree.SetLeaf(sender, leaf);
        GroupContext context = Context(entry, suite, tree);
        var path = new UpdatePath(leaf, PathSecrets.Seal(suite, tree, sender, nodes, secrets, [], context.Encoded));
        path = MlsEncoding.Decode<UpdatePath>(path.Encode());
        using MlsSecret expected = PathSecrets.Next(suite, secrets[^1]);
        return AllOpen(entry, suite, tree, sender, path, context, (_, _, commit) =>
            commit.Reveal().AsSpan().SequenceEqual(expected.Reveal()));
    }

    private static bool AllOpen(
        JsonElement entry,
        MlsSuite suite,
        RatchetTree tree,
        uint sender,
        UpdatePath path,
        GroupContext context,
        Func<uint, MlsSecret, MlsSecret, bool> isExpected)
    {
        bool holds = true;
        foreach (JsonElement member in entry.GetProperty("leaves_private").EnumerateArray())
        {
            uint own = member.GetProperty("index").GetUInt32();
            if (own == sender)
            {
                continue;
            }

            var keys = new Dictionary<uint, MlsSecret> { [2 * own] = member.Secret("encryption_priv") };
            foreach (JsonElement known in member.GetProperty("path_secrets").EnumerateArray())
            {
                keys[known.GetProperty("node").GetUInt32()] = PathSecrets.NodeKeyPair(suite, known.Secret("path_secret")).PrivateKey;
            }

            MlsSecret commit = PathSecrets.Open(
                suite, tree, sender, own, path, [], context.Encoded, keys, [], out MlsSecret ownSecret);
            holds &= isExpected(own, ownSecret, commit);
        }

        return holds;
    }

    private static GroupContext Context(JsonElement entry, MlsSuite suite, RatchetTree tree) => new()
    {
        Suite = suite.Id,
        GroupId = entry.Bytes("group_id"),
        Epoch = entry.GetProperty("epoch").GetUInt64(),
        TreeHash = tree.TreeHash(),
        ConfirmedTranscriptHash = entry.Bytes("confirmed_transcript_hash"),
        Extensions = [],
    };
}
