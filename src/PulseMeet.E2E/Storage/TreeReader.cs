using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Storage;

/// <summary>Loads nodes of the tree, checks that each is the write that its parent names, and finds names in it.</summary>
/// <remarks>
/// Keeps a bounded number of nodes in memory. Thread-safe. A null answer, or false, means that the bytes are not those that
/// the tree names: the store was changed, or, while a batch is being written, the reader's view is no longer the newest.
/// </remarks>
internal sealed class TreeReader(IE2EStore store, StoreKeys keys)
{
    /// <summary>The most nodes kept in memory: about 8 MiB.</summary>
    public const int MaxLoaded = 4096;

    private int _loaded;

    public async ValueTask<TreeNode?> LoadAsync(TreeEntry entry, int level, CancellationToken cancellationToken)
    {
        if (entry.Loaded is { } loaded)
        {
            return loaded;
        }

        byte[]? bytes = await store.ReadAsync(StoreTables.Nodes, TreeNode.NameOf(entry.Node), cancellationToken).ConfigureAwait(false);
        byte[]? encoded = bytes is null
            ? null
            : keys.Open(RecordKind.Node, TreeNode.NameOf(entry.Node), entry.Salt, bytes);
        if (encoded is null)
        {
            return null;
        }

        TreeNode? node = TreeNode.TryDecode(entry.Node, level, encoded);
        if (node is not null && Volatile.Read(ref _loaded) < MaxLoaded)
        {
            Interlocked.Increment(ref _loaded);
            entry.Loaded = node;
        }

        return node;
    }

    /// <summary>Counts the nodes that a batch made, less those that it dropped; where too many are in memory, forgets all.</summary>
    /// <param name="root">The tree's new root, with its nodes in memory.</param>
    /// <param name="made">How many more there are than before.</param>
    /// <returns>The root to go on with.</returns>
    public TreeEntry? Keep(TreeEntry? root, int made)
    {
        if (root is null || Interlocked.Add(ref _loaded, made) > MaxLoaded)
        {
            return Forget(root);
        }

        return root;
    }

    /// <summary>Lets go of all nodes beneath a root.</summary>
    public TreeEntry? Forget(TreeEntry? root)
    {
        Volatile.Write(ref _loaded, 0);
        return root is null ? null : new TreeEntry(root.Name, root.Salt, root.Node);
    }

    /// <returns>Whether the tree could be read, and the entry; null where there is no such record.</returns>
    public async ValueTask<(bool Readable, TreeEntry? Entry)> FindAsync(
        TreeEntry? root, int levels, byte[] name, CancellationToken cancellationToken)
    {
        TreeEntry? entry = root;
        for (int level = levels; entry is not null; level--)
        {
            TreeNode? node = await LoadAsync(entry, level, cancellationToken).ConfigureAwait(false);
            if (node is null)
            {
                return (false, null);
            }

            if (level == 0)
            {
                int index = node.Find(name);
                return (true, index >= 0 ? node.Entries[index] : null);
            }

            entry = node.Entries[node.FindChild(name)];
        }

        return (true, null);
    }

    /// <summary>Collects entries in order.</summary>
    /// <param name="entry">Where to begin: the root.</param>
    /// <param name="level">The root's level.</param>
    /// <param name="range">Which.</param>
    /// <param name="found">Where they go.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>Whether the tree could be read.</returns>
    public async ValueTask<bool> CollectAsync(
        TreeEntry entry, int level, TreeRange range, List<TreeEntry> found, CancellationToken cancellationToken)
    {
        TreeNode? node = await LoadAsync(entry, level, cancellationToken).ConfigureAwait(false);
        if (node is null)
        {
            return false;
        }

        byte[] from = PublicBytes.Compare(range.After, range.Prefix) > 0 ? range.After : range.Prefix;
        int first = node.Find(from);
        first = first >= 0 ? first : ~first;
        for (int i = level == 0 ? first : node.FindChild(from); i < node.Entries.Count && found.Count < range.Max; i++)
        {
            TreeEntry next = node.Entries[i];
            bool within = next.Name.AsSpan().StartsWith(range.Prefix);
            if (!within && PublicBytes.Compare(next.Name, range.Prefix) > 0)
            {
                break;
            }

            if (level > 0)
            {
                if (!await CollectAsync(next, level - 1, range, found, cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }
            }
            else if (within && PublicBytes.Compare(next.Name, range.After) > 0 && range.IsWanted?.Invoke(next.Name.AsMemory(1)) != false)
            {
                found.Add(next);
            }
        }

        return true;
    }
}
