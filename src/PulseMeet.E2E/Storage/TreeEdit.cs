using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Storage;

/// <summary>One batch's changes to the tree, on copies of the nodes that they touch.</summary>
/// <param name="reader">Loads the nodes.</param>
/// <param name="head">The store before the batch.</param>
/// <param name="root">The tree's root before; null where there are no records.</param>
/// <param name="salt">The batch's salt: 16 bytes that name the write of all that it changes.</param>
/// <remarks>Each change touches the nodes from the root to one leaf, and a neighbour where a node is split or joined.
/// Not thread-safe.</remarks>
internal sealed class TreeEdit(TreeReader reader, StoreHead head, TreeEntry? root, byte[] salt)
{
    private readonly Dictionary<long, TreeNode> _changed = [];
    private readonly List<long> _gone = [];
    private int _made;
    private TreeEntry? _root = root;
    private byte _levels = head.Levels;
    private long _next = head.NextNode;
    private long _count = head.Count;

    /// <summary>Notes that the batch writes a record, or deletes it.</summary>
    /// <exception cref="E2EException">A node is not the one that the tree names (<see cref="E2EError.StoreDamaged"/>).</exception>
    public async ValueTask PutAsync(byte[] name, bool isThere)
    {
        if (_root is null)
        {
            if (isThere)
            {
                _root = Reference(NewNode(0, [new TreeEntry(name, salt, 0)]));
                _count = 1;
            }

            return;
        }

        TreeNode node = await PutAsync(_root, _levels, name, isThere).ConfigureAwait(false);
        if (node.Entries.Count == 0)
        {
            Drop(node);
            _root = null;
            _levels = 0;
        }
        else if (node.Level > 0 && node.Entries.Count == 1)
        {
            Drop(node);
            _root = node.Entries[0];
            _levels--;
        }
        else if (node.Entries.Count > TreeNode.MaxEntries)
        {
            TreeNode upper = SplitOff(node);
            _levels = checked((byte)(node.Level + 1));
            _root = Reference(NewNode(_levels, [Reference(node), Reference(upper)]));
        }
        else
        {
            _root = Reference(node);
        }
    }

    /// <summary>Seals what was changed, and adds it to the batch.</summary>
    /// <returns>The new head, and the root to go on with.</returns>
    public (StoreHead Head, TreeEntry? Root) Seal(BatchSeal seal, long revision, List<StoreChange> changes)
    {
        foreach (long number in _gone)
        {
            changes.Add(new StoreChange(StoreTables.Nodes, TreeNode.NameOf(number), null));
        }

        int longest = _changed.Count == 0 ? 0 : _changed.Values.Max(node => node.GetSize());
        using var scratch = new ScratchSecret(stackalloc byte[1024], longest);
        foreach (TreeNode node in _changed.Values)
        {
            byte[] name = node.Name;
            Span<byte> encoded = scratch.Span[..node.GetSize()];
            node.Write(encoded);
            changes.Add(new StoreChange(StoreTables.Nodes, name, seal.Seal(RecordKind.Node, name, encoded, PaddingScheme.None)));
        }

        var next = new StoreHead(
            revision, _count, _next, _root?.Node ?? 0, _levels, _root?.Salt ?? new byte[RecordSeal.SaltSize], head.KeySalt);
        return (next, reader.Keep(_root, _made));
    }

    private async ValueTask<TreeNode> PutAsync(TreeEntry at, int level, byte[] name, bool isThere)
    {
        TreeNode node = await OwnAsync(at, level).ConfigureAwait(false);
        if (level == 0)
        {
            PutInLeaf(node, name, isThere);
            return node;
        }

        int index = node.FindChild(name);
        TreeNode child = await PutAsync(node.Entries[index], level - 1, name, isThere).ConfigureAwait(false);
        node.Entries[index] = Reference(child);
        if (child.Entries.Count > TreeNode.MaxEntries)
        {
            node.Entries.Insert(index + 1, Reference(SplitOff(child)));
        }
        else if (child.Entries.Count < TreeNode.MinEntries && node.Entries.Count > 1)
        {
            await JoinAsync(node, Math.Max(0, index - 1)).ConfigureAwait(false);
        }

        return node;
    }

    private void PutInLeaf(TreeNode leaf, byte[] name, bool isThere)
    {
        int index = leaf.Find(name);
        if (!isThere)
        {
            if (index >= 0)
            {
                leaf.Entries.RemoveAt(index);
                _count--;
            }
        }
        else if (index >= 0)
        {
            leaf.Entries[index] = new TreeEntry(name, salt, 0);
        }
        else
        {
            leaf.Entries.Insert(~index, new TreeEntry(name, salt, 0));
            _count++;
        }
    }

    /// <summary>Joins a child with the next one; where that is too much for one node, both get half.</summary>
    private async ValueTask JoinAsync(TreeNode node, int index)
    {
        TreeNode lower = await OwnAsync(node.Entries[index], node.Level - 1).ConfigureAwait(false);
        TreeNode upper = await OwnAsync(node.Entries[index + 1], node.Level - 1).ConfigureAwait(false);
        lower.Entries.AddRange(upper.Entries);
        Drop(upper);
        node.Entries.RemoveAt(index + 1);
        node.Entries[index] = Reference(lower);
        if (lower.Entries.Count > TreeNode.MaxEntries)
        {
            node.Entries.Insert(index + 1, Reference(SplitOff(lower)));
        }
    }

    private TreeNode SplitOff(TreeNode node)
    {
        int half = node.Entries.Count / 2;
        TreeNode upper = NewNode(node.Level, node.Entries[half..]);
        node.Entries.RemoveRange(half, node.Entries.Count - half);
        return upper;
    }

    private TreeNode NewNode(byte level, List<TreeEntry> entries)
    {
        var node = new TreeNode(_next++, level, entries);
        _changed.Add(node.Number, node);
        _made++;
        return node;
    }

    private async ValueTask<TreeNode> OwnAsync(TreeEntry entry, int level)
    {
        if (_changed.TryGetValue(entry.Node, out TreeNode? own))
        {
            return own;
        }

        TreeNode node = await reader.LoadAsync(entry, level, CancellationToken.None).ConfigureAwait(false)
            ?? throw new E2EException(E2EError.StoreDamaged, "A node of the tree is missing, old or changed.");
        own = new TreeNode(node.Number, node.Level, [.. node.Entries]);
        _changed.Add(own.Number, own);
        return own;
    }

    private void Drop(TreeNode node)
    {
        _changed.Remove(node.Number);
        _made--;
        if (node.Number < head.NextNode)
        {
            _gone.Add(node.Number);
        }
    }

    /// <summary>A line for a changed node.</summary>
    private TreeEntry Reference(TreeNode node) => new(node.Entries[0].Name, salt, node.Number) { Loaded = node };
}
