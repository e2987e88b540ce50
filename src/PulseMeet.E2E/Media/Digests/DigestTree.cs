namespace PulseMeet.E2E.Media;

/// <summary>A tree of digests that grows with its file: takes the segments' digests in order, and gives the blocks to be written between
/// them.</summary>
/// <param name="hash">Not disposed.</param>
/// <remarks>Keeps one unfinished block of each level, at most 8 KiB each and 40 KiB in all, however long the file is. Not
/// thread-safe.</remarks>
internal sealed class DigestTree(TreeHash hash)
{
    private readonly List<DigestBlock> _levels = [];
    private readonly DigestBlock _ready = new();

    /// <summary>How many segments were added.</summary>
    public long Segments { get; private set; }

    /// <summary>The blocks that stand behind the segment added last. Valid until the next one is added.</summary>
    public ReadOnlyMemory<byte> Ready => _ready.Digests;

    /// <summary>Adds the digest of the next segment; blocks that it makes full are ready.</summary>
    /// <param name="leaf">32 bytes.</param>
    public void Add(ReadOnlySpan<byte> leaf)
    {
        Argument.HasLength(leaf, TreeShape.DigestSize);
        _ready.Clear();
        Put(0, leaf);
        Segments++;
    }

    /// <summary>Ends the tree: what is left of each level is ready, too. Nothing may be added any more.</summary>
    /// <returns>The one digest that is over all, 32 bytes; empty where there is none.</returns>
    public ReadOnlySpan<byte> Complete()
    {
        for (int level = 0; level < _levels.Count - 1 || (level < _levels.Count && _levels[level].Count > 1); level++)
        {
            if (_levels[level].Count > 0)
            {
                Fold(level);
            }
        }

        return _levels.Count == 0 ? default : _levels[^1].Digests.Span;
    }

    /// <summary>What <see cref="Complete"/> would give now, in an array of its own.</summary>
    public byte[] TopSoFar()
    {
        var copy = new DigestTree(hash);
        copy._levels.AddRange(_levels.Select(level => level.Copy()));
        return copy.Complete().ToArray();
    }

    private void Put(int level, ReadOnlySpan<byte> digest)
    {
        if (level == _levels.Count)
        {
            _levels.Add(new DigestBlock());
        }

        _levels[level].Append(digest);
        if (_levels[level].Count == TreeShape.FanOut)
        {
            Fold(level);
        }
    }

    /// <summary>A block is written, and its digest stands for it one level above.</summary>
    private void Fold(int level)
    {
        DigestBlock block = _levels[level];
        Span<byte> node = stackalloc byte[TreeShape.DigestSize];
        hash.Node(block.Digests.Span, node);
        _ready.Append(block.Digests.Span);
        block.Clear();
        Put(level + 1, node);
    }
}
