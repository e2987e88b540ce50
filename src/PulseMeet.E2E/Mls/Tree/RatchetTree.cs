namespace PulseMeet.E2E.Mls;

/// <summary>The public ratchet tree (RFC 9420, sections 4 and 7): leaves and parents by node index, blanks as null.</summary>
/// <remarks>
/// Nodes are immutable and shared between copies, so that a staged copy costs two arrays of references; tree hashes are
/// kept until something below changes. Not thread-safe.
/// </remarks>
internal sealed partial class RatchetTree
{
    private readonly MlsSuite _suite;
    private LeafNode?[] _leaves;
    private ParentNode?[] _parents;
    private byte[]?[] _hashes;

    private RatchetTree(MlsSuite suite, LeafNode?[] leaves, ParentNode?[] parents, byte[]?[] hashes)
    {
        _suite = suite;
        _leaves = leaves;
        _parents = parents;
        _hashes = hashes;
    }

    /// <summary>A tree of one leaf.</summary>
    public RatchetTree(MlsSuite suite, LeafNode leaf)
        : this(suite, [leaf], [], new byte[]?[1])
    {
    }

    /// <summary>The number of places for leaves, a power of two.</summary>
    public uint LeafCount => (uint)_leaves.Length;

    public uint Root => TreeMath.Root(LeafCount);

    /// <summary>The number of leaves that are not blank.</summary>
    public int MemberCount
    {
        get
        {
            int count = 0;
            foreach (LeafNode? leaf in _leaves)
            {
                count += leaf is null ? 0 : 1;
            }

            return count;
        }
    }

    public RatchetTree Copy() =>
        new(_suite, (LeafNode?[])_leaves.Clone(), (ParentNode?[])_parents.Clone(), (byte[]?[])_hashes.Clone());

    /// <returns>Null where the leaf is blank or there is no such place.</returns>
    public LeafNode? Leaf(uint index) => index < LeafCount ? _leaves[index] : null;

    public ParentNode? Parent(uint node) => _parents[node / 2];

    /// <summary>The encryption key of a leaf or parent; null where it is blank.</summary>
    public byte[]? EncryptionKey(uint node) =>
        node >= TreeMath.NodeCount(LeafCount) ? null
        : TreeMath.IsLeaf(node) ? _leaves[node / 2]?.EncryptionKey
        : _parents[node / 2]?.EncryptionKey;

    public bool IsBlank(uint node) => EncryptionKey(node) is null;

    /// <summary>The members, by leaf index.</summary>
    public IEnumerable<(uint Index, LeafNode Leaf)> Members()
    {
        for (uint i = 0; i < _leaves.Length; i++)
        {
            if (_leaves[i] is { } leaf)
            {
                yield return (i, leaf);
            }
        }
    }

    /// <summary>The leaves by index, blanks as null.</summary>
    public LeafNode?[] Leaves() => (LeafNode?[])_leaves.Clone();

    public void SetLeaf(uint index, LeafNode? leaf)
    {
        _leaves[index] = leaf;
        Forget(2 * index);
    }

    public void SetParent(uint node, ParentNode? parent)
    {
        if (parent is null && _parents[node / 2] is null)
        {
            return;
        }

        _parents[node / 2] = parent;
        Forget(node);
    }

    /// <summary>Section 12.1.1: puts a leaf into the leftmost blank place, extends the tree where there is none, and lists it
    /// as unmerged above.</summary>
    /// <returns>The index of the leaf.</returns>
    public uint Add(LeafNode leaf)
    {
        uint index = FirstBlankLeaf();
        foreach (uint node in TreeMath.DirectPath(index, LeafCount))
        {
            if (Parent(node) is { } parent)
            {
                SetParent(node, parent.WithUnmerged(index));
            }
        }

        SetLeaf(index, leaf);
        return index;
    }

    /// <summary>The leftmost blank place; extends the tree to the right (section 7.7) where there is none.</summary>
    public uint FirstBlankLeaf()
    {
        int blank = Array.IndexOf(_leaves, null);
        if (blank >= 0)
        {
            return (uint)blank;
        }

        if (LeafCount >= MlsLimits.MaxLeaves)
        {
            throw new E2EException(E2EError.LimitExceeded, "The ratchet tree has too many leaves.");
        }

        uint index = LeafCount;
        Resize(2 * LeafCount);
        return index;
    }

    /// <summary>Section 12.1.2: replaces a leaf and blanks the nodes above.</summary>
    public void Update(uint index, LeafNode leaf)
    {
        SetLeaf(index, leaf);
        BlankPath(index);
    }

    /// <summary>Section 12.1.3: blanks a leaf and the nodes above. The caller truncates when all are removed.</summary>
    public void Remove(uint index)
    {
        SetLeaf(index, null);
        BlankPath(index);
    }

    /// <summary>Sections 7.7 and 12.1.3: drops the right half while it has no leaf.</summary>
    public void Truncate()
    {
        int last = Array.FindLastIndex(_leaves, leaf => leaf is not null);
        uint leaves = LeafCount;
        while (leaves > 1 && last < leaves / 2)
        {
            leaves /= 2;
        }

        if (leaves != LeafCount)
        {
            Resize(leaves);
        }
    }

    public void BlankPath(uint index)
    {
        foreach (uint node in TreeMath.DirectPath(index, LeafCount))
        {
            SetParent(node, null);
        }
    }

    private void Resize(uint leaves)
    {
        // The indices of nodes stay; only the root is another one, and it is blank or its hash is kept below it.
        Array.Resize(ref _leaves, (int)leaves);
        Array.Resize(ref _parents, (int)leaves - 1);
        Array.Resize(ref _hashes, (int)TreeMath.NodeCount(leaves));
    }

    private void Forget(uint node)
    {
        uint root = Root;
        _hashes[node] = null;
        while (node != root)
        {
            node = TreeMath.Parent(node);
            _hashes[node] = null;
        }
    }
}
