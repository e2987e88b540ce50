namespace PulseMeet.E2E.Mls;

/// <summary>The private keys that a member holds: its leaf's and those above it (RFC 9420, section 4.2).</summary>
/// <remarks>Owns them. Not thread-safe.</remarks>
internal sealed class NodeKeys : IDisposable
{
    private readonly Dictionary<uint, MlsSecret> _keys = [];

    public IReadOnlyDictionary<uint, MlsSecret> ByNode => _keys;

    /// <summary>Puts a key at a node, which owns it from here on; the one before is disposed.</summary>
    public void Set(uint node, MlsSecret key)
    {
        if (_keys.Remove(node, out MlsSecret? old))
        {
            old.Dispose();
        }

        _keys.Add(node, key);
    }

    /// <summary>Copies of the keys whose nodes have the same public key in another tree (section 7.5: outdated ones go).</summary>
    public NodeKeys CopyFor(RatchetTree before, RatchetTree after)
    {
        var copy = new NodeKeys();
        foreach ((uint node, MlsSecret key) in _keys)
        {
            if (after.EncryptionKey(node) is { } there && before.EncryptionKey(node) is { } here
                && (ReferenceEquals(here, there) || Primitives.PublicBytes.Equal(here, there)))
            {
                copy._keys.Add(node, key.Copy());
            }
        }

        return copy;
    }

    public void WriteTo(MlsWriter writer)
    {
        writer.WriteUInt32((uint)_keys.Count);
        foreach ((uint node, MlsSecret key) in _keys.OrderBy(pair => pair.Key))
        {
            writer.WriteUInt32(node);
            key.WriteVector(writer);
        }
    }

    /// <exception cref="E2EException">A key is not that of its node, or of none above the leaf
    /// (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static NodeKeys ReadFrom(MlsSuite suite, RatchetTree tree, uint own, ref MlsReader reader)
    {
        var keys = new NodeKeys();
        try
        {
            for (uint count = reader.ReadUInt32(); count > 0; count--)
            {
                uint node = reader.ReadUInt32();
                ReadOnlySpan<byte> bytes = reader.ReadVector();
                if (tree.EncryptionKey(node) is not { } publicKey || !TreeMath.Contains(node, own) || keys._keys.ContainsKey(node))
                {
                    throw new E2EException(E2EError.InvalidEncoding, "A private key is of a node that is not above the leaf.");
                }

                MlsSecret key = MlsSecret.CopyOf(bytes);
                keys._keys.Add(node, key);
                if (!suite.Matches(key, publicKey))
                {
                    throw new E2EException(E2EError.InvalidEncoding, "A private key is not that of its node.");
                }
            }

            return keys._keys.ContainsKey(2 * own)
                ? keys
                : throw new E2EException(E2EError.InvalidEncoding, "The leaf's private key is missing.");
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (MlsSecret key in _keys.Values)
        {
            key.Dispose();
        }

        _keys.Clear();
    }
}
