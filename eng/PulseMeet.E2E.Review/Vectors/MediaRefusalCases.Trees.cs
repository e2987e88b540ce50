using System.Text.Json.Nodes;
using PulseMeet.E2E.Media;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <content>Files with a tree of digests: what a store changes, and what a holder of the key does.</content>
internal static partial class MediaRefusalCases
{
    private static readonly FixedMedia s_single = s_short with { HasTree = true };

    private static readonly FixedMedia s_tree = s_long with { HasTree = true };

    private static IEnumerable<JsonObject> Trees()
    {
        byte[] good = s_tree.File();
        int blockAt = good.Length - 96;
        byte[] floe = good[..blockAt];
        byte[] block = good[blockAt..];
        IReadOnlyList<byte[]> segments = s_tree.Segments();
        FixedMedia other = s_tree with { Iv = Fixed("another iv") };
        yield return File("tree: a changed bit of a digest", s_tree, Put(good, blockAt + 40, (byte)(good[blockAt + 40] ^ 1)), E2EError.NotAuthentic);
        yield return File("tree: two digests exchanged", s_tree, [.. floe, .. block[32..64], .. block[..32], .. block[64..]], E2EError.NotAuthentic);
        yield return File("tree: the digests of another file under the same key", s_tree, [.. floe, .. FixedTree.Block(other.Segments())], E2EError.NotAuthentic);
        yield return File("tree: no digests", s_tree, floe, E2EError.Truncated);
        yield return File("tree: ends within the digests", s_tree, good[..^1], E2EError.Truncated);
        yield return File("tree: one digest too few", s_tree, good[..^32], E2EError.Truncated);
        yield return File("tree: one digest too many", s_tree, [.. good, .. block[..32]], E2EError.InvalidEncoding);
        yield return File("tree: a byte behind the digests", s_tree, [.. good, 0], E2EError.InvalidEncoding);
        yield return File("tree: another root", s_tree, good, E2EError.NotAuthentic, digest: Tree(Fixed("another root")));
        yield return File("tree: the root of another number of segments", s_tree, good, E2EError.NotAuthentic, digest: Tree(s_tree.Root(count: 4)));
        yield return File("tree: the root of another length", s_tree, good, E2EError.NotAuthentic, digest: Tree(s_tree.Root(length: floe.Length + 1)));
        yield return File("tree: the root of segments in another order", s_tree, good, E2EError.NotAuthentic, digest: Tree(s_tree.Root([segments[1], segments[0], segments[2]])));

        // Whoever holds the key seals other segments that verify, and can make the digests fit them: never the root.
        FixedMedia forged = s_tree with { Shift = 1 };
        IReadOnlyList<byte[]> mixed = [segments[0], forged.Segment(1), segments[2]];
        byte[] head = [.. s_tree.Header(), .. mixed.SelectMany(segment => segment)];
        yield return File("tree: another segment by a holder of the key", s_tree, [.. head, .. block], E2EError.NotAuthentic);
        yield return File("tree: another segment by a holder of the key, and its digest", s_tree, [.. head, .. FixedTree.Block(mixed)], E2EError.NotAuthentic);
        yield return File("tree: another file by a holder of the key", s_tree, forged.File(), E2EError.NotAuthentic);
        yield return File("tree: the only segment by a holder of the key", s_single, (s_single with { Shift = 1 }).File(), E2EError.NotAuthentic, s_single.File());

        yield return Range("range, tree: a changed bit of a digest, asked for another segment", s_tree, Put(good, blockAt + 40, (byte)(good[blockAt + 40] ^ 1)), E2EError.NotAuthentic, 0, good);
        yield return Range("range, tree: another segment by a holder of the key", s_tree, [.. head, .. block], E2EError.NotAuthentic, FixedMedia.Full, good);
        yield return Range("range, tree: another segment by a holder of the key, and its digest, asked for another one", s_tree, [.. head, .. FixedTree.Block(mixed)], E2EError.NotAuthentic, 0, good);
        yield return Range("range, tree: ends within the digests", s_tree, good[..^1], E2EError.Truncated, 0, good);
        yield return Range("range, tree: a byte behind the digests", s_tree, [.. good, 0], E2EError.InvalidEncoding, 0, good);
        yield return Range("range, tree: the only segment by a holder of the key", s_single, (s_single with { Shift = 1 }).File(), E2EError.NotAuthentic, 0, s_single.File());
    }

    private static IEnumerable<JsonObject> TreeReferences()
    {
        byte[] good = s_tree.Reference();
        const int LengthAt = 1 + 1 + 2 + 1 + 32 + 4;
        const int KindAt = LengthAt + 8 + 8 + 32;
        long sealedLength = new MediaLayout(s_tree.Layout, hasTree: true).SealedLength;
        JsonObject Reference(string what, byte[] input, E2EError reason = E2EError.InvalidEncoding) =>
            Case("reference, tree: " + what, "media reference", input, reason, good);
        JsonObject Lengths(string what, long length, long sealedLength, E2EError reason = E2EError.InvalidEncoding) =>
            Reference(what, Put(good, LengthAt, [.. Int64(length), .. Int64(sealedLength)]), reason);

        yield return Reference("version 1", Put(good, 0, 1));
        yield return Reference("version 2 without a digest", [.. Put(good, KindAt, 0)[..(KindAt + 1)], .. good[(KindAt + 33)..]]);
        yield return Reference("version 2 with a flat digest", Put(good, KindAt, 1));
        yield return Reference("digest kind 3", Put(good, KindAt, 3));
        yield return Reference("a root of 31 bytes", [.. good[..(KindAt + 32)], .. good[(KindAt + 33)..]]);
        yield return Reference("a root of 33 bytes", [.. good[..(KindAt + 33)], 0, .. good[(KindAt + 33)..]]);
        yield return Lengths("the length without the digests", s_tree.Length, s_tree.Layout.SealedLength);
        yield return Lengths("a digest too few", s_tree.Length, sealedLength - 32);
        yield return Lengths("a digest too many", s_tree.Length, sealedLength + 32);
        yield return Lengths("an empty last segment behind a full one", FixedMedia.Full, 74 + FixedMedia.SegmentLength + 32 + 64);
        yield return Lengths("a last segment without room for its tag", FixedMedia.Full, 74 + FixedMedia.SegmentLength + 31 + 64);
        yield return Lengths("shorter than a header and a segment", 0, 105);
        yield return Lengths("a negative length", -1, sealedLength);
        yield return Lengths("more than 2^40 segments", long.MaxValue, long.MaxValue, E2EError.LimitExceeded);
    }

    private static MediaDigest Tree(byte[] root) => new(MediaDigestKind.Tree, root);
}
