using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>The three hashes of a tree of digests. Each begins with a byte of its own, so that none is ever the input of another: a
/// block of digests is no segment, and no node is a root.</summary>
/// <remarks>docs/protocol-media.md, "Digest". Leaves and nodes as in RFC 9162, section 2.1.1, with up to 256 children for a node; the
/// root says besides which file it is of, and how long that is. Not thread-safe: one for each worker.</remarks>
internal sealed class TreeHash : IDisposable
{
    private readonly IncrementalSha256 _hash = new();

    private static ReadOnlySpan<byte> LeafPrefix => [0x00];

    private static ReadOnlySpan<byte> NodePrefix => [0x01];

    private static ReadOnlySpan<byte> RootPrefix => [0x02];

    private static ReadOnlySpan<byte> RootLabel => "PulseMeet-E2E v1 media digest"u8;

    /// <param name="segment">A whole sealed segment.</param>
    /// <param name="digest">32 bytes.</param>
    public void Leaf(ReadOnlySpan<byte> segment, Span<byte> digest)
    {
        _hash.Append(LeafPrefix);
        _hash.Append(segment);
        _hash.Finish(digest);
    }

    /// <param name="block">1 to 256 digests.</param>
    /// <param name="digest">32 bytes.</param>
    public void Node(ReadOnlySpan<byte> block, Span<byte> digest)
    {
        _hash.Append(NodePrefix);
        _hash.Append(block);
        _hash.Finish(digest);
    }

    /// <param name="header">FLOE's header, 74 bytes: key, IV, segment length, media id and kind.</param>
    /// <param name="segments">How many segments there are.</param>
    /// <param name="length">Length of the header and all segments, in bytes.</param>
    /// <param name="top">The one digest that is over all segments; empty where there is none.</param>
    /// <returns>32 bytes.</returns>
    public byte[] Root(ReadOnlySpan<byte> header, long segments, long length, ReadOnlySpan<byte> top)
    {
        Argument.HasLength(header, FloeParameters.HeaderSize);
        Span<byte> bounds = stackalloc byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bounds, segments);
        BinaryPrimitives.WriteInt64BigEndian(bounds[sizeof(long)..], length);
        byte[] root = new byte[TreeShape.DigestSize];
        _hash.Append(RootPrefix);
        _hash.Append(RootLabel);
        _hash.Append(header);
        _hash.Append(bounds);
        _hash.Append(top);
        _hash.Finish(root);
        return root;
    }

    public void Dispose() => _hash.Dispose();
}
