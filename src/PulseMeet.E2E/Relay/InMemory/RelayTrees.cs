using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Relay;

/// <summary>Ratchet trees in <see cref="InMemoryRelay"/>, by their hash, as long as something names them.</summary>
internal sealed class RelayTrees
{
    private readonly Dictionary<BytesKey, (byte[] Tree, int Names)> _trees = [];

    /// <summary>Keeps a tree for one more that names it; null for none.</summary>
    public BytesKey? Name(ReadOnlyMemory<byte> tree)
    {
        if (tree.IsEmpty)
        {
            return null;
        }

        var hash = new BytesKey(Sha256.Hash(tree.Span));
        _trees[hash] = _trees.TryGetValue(hash, out (byte[] Tree, int Names) known)
            ? (known.Tree, known.Names + 1)
            : (tree.ToArray(), 1);
        return hash;
    }

    /// <summary>One that named it is gone.</summary>
    public void Drop(BytesKey? hash)
    {
        if (hash is { } key && _trees.TryGetValue(key, out (byte[] Tree, int Names) known))
        {
            if (known.Names == 1)
            {
                _trees.Remove(key);
            }
            else
            {
                _trees[key] = (known.Tree, known.Names - 1);
            }
        }
    }

    public byte[]? Find(BytesKey hash) => _trees.TryGetValue(hash, out (byte[] Tree, int Names) known) ? [.. known.Tree] : null;
}
