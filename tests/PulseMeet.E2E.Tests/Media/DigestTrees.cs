using System.Buffers.Binary;
using FsCheck.Xunit;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Review.Vectors;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>The tree of digests by itself: its hashes keep apart what is apart, its blocks stand where a reader looks for them, and reading
/// it costs what is said.</summary>
public sealed class DigestTrees
{
    private static readonly FloeParameters s_parameters = new(Sample.SegmentLength);
    private static readonly byte[] s_header = Sample.Bytes(FloeParameters.HeaderSize);

    [Fact]
    public void A_block_of_digests_is_no_segment_and_neither_is_a_root()
    {
        using var hash = new TreeHash();
        byte[] block = Sample.Bytes(TreeShape.BlockSize);
        byte[] leaf = new byte[32];
        byte[] node = new byte[32];
        hash.Leaf(block, leaf);
        hash.Node(block, node);
        Assert.NotEqual(leaf, node);
        Assert.Equal(FixedTree.Leaf(block), leaf);
        byte[] input = [.. "PulseMeet-E2E v1 media digest"u8, .. s_header, .. new byte[16], .. leaf];
        byte[] root = hash.Root(s_header, 0, 0, leaf);
        hash.Leaf(input, leaf);
        hash.Node(input, node);
        Assert.NotEqual(root, leaf);
        Assert.NotEqual(root, node);
    }

    [Fact]
    public void A_root_is_of_one_header_one_number_of_segments_and_one_length()
    {
        using var hash = new TreeHash();
        byte[] top = Sample.Bytes(32);
        byte[] root = hash.Root(s_header, 300, 1_200_000, top);
        Assert.Equal(root, hash.Root(s_header, 300, 1_200_000, top));
        Assert.NotEqual(root, hash.Root(s_header, 301, 1_200_000, top));
        Assert.NotEqual(root, hash.Root(s_header, 300, 1_200_001, top));
        byte[] header = [.. s_header];
        header[^1] ^= 1;
        Assert.NotEqual(root, hash.Root(header, 300, 1_200_000, top));
        top[0] ^= 1;
        Assert.NotEqual(root, hash.Root(s_header, 300, 1_200_000, top));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(131_073)]
    public void Every_block_stands_where_the_layout_has_it(int segments)
    {
        MediaLayout layout = MediaLayout.OfPlaintext(s_parameters, ((segments - 1L) * Sample.PlaintextLength) + 9, hasTree: true);
        List<byte[][]> levels = FixedTree.Levels(Enumerable.Range(0, segments).Select(i => FixedTree.Leaf(Segment(i))));
        Assert.Equal(levels.Count - 1, layout.Levels);
        using var digest = new FileDigest(s_header);
        long offset = FloeParameters.HeaderSize;
        byte[]? root = null;
        for (int position = 0; position < segments; position++)
        {
            Assert.Equal(offset, layout.OffsetOf(position));
            offset += layout.SealedLengthOf(position);
            ReadOnlyMemory<byte> behind = digest.Add(
                levels[0][position], layout.SealedLengthOf(position), layout.IsFinal(position), out root);
            Assert.Equal(behind.Length, layout.LengthOfBlocksBehind(position));
            Assert.Equal(FixedTree.Behind(levels, position), behind.ToArray());
            offset += behind.Length;
        }

        Assert.Equal(offset, layout.SealedLength);
        Assert.Equal(FixedTree.RootOver(s_header, segments, layout.Floe.SealedLength, levels[^1][0]), root);
        for (int level = 0; level < layout.Levels; level++)
        {
            Assert.Equal(
                (levels[level].Length + TreeShape.FanOut - 1) / TreeShape.FanOut,
                Enumerable.Range(0, segments).Select(i => TreeShape.BlockOver(level, i)).Distinct().Count());
        }
    }

    [Property(MaxTest = 500)]
    public bool The_length_of_a_file_tells_its_layout(uint length, byte exponent)
    {
        long plaintext = (long)length << (exponent % 24);
        MediaLayout layout = MediaLayout.OfPlaintext(s_parameters, plaintext, hasTree: true);
        MediaLayout again = MediaLayout.OfSealed(s_parameters, layout.SealedLength, hasTree: true);
        return again.PlaintextLength == plaintext && again.SealedLength == layout.SealedLength;
    }

    [Fact]
    public void The_longest_file_has_five_levels_and_the_next_length_is_none()
    {
        var parameters = new FloeParameters(MediaSealingOptions.MaxSegmentLength);
        long longest = FloeParameters.MaxSegments * parameters.PlaintextLength;
        MediaLayout layout = MediaLayout.OfPlaintext(parameters, longest, hasTree: true);
        Assert.Equal(5, layout.Levels);
        Assert.Equal(longest, MediaLayout.OfSealed(parameters, layout.SealedLength, hasTree: true).PlaintextLength);
        Assert.Equal(5 * TreeShape.BlockSize, layout.LengthOfBlocksBehind(FloeParameters.MaxSegments - 1));
        Assert.Equal(
            E2EError.LimitExceeded, Refusal.Of(() => MediaLayout.OfSealed(parameters, layout.SealedLength + 1000, hasTree: true)));
    }

    [Fact]
    public async Task Of_three_levels_each_is_read_once_for_its_neighbours_and_a_wrong_digest_on_any_is_refused()
    {
        const int Segments = 65_536 + 300;
        var file = new VirtualFile(Segments);
        Assert.Equal(3, file.Layout.Levels);
        using DigestTreeReader reader = file.Reader();
        foreach ((int position, int reads) in new[] { (0, 3), (255, 0), (256, 1), (65_535, 1), (65_536, 2), (65_836 - 1, 1), (65_540, 1), (0, 2) })
        {
            file.Reads = 0;
            file.BytesRead = 0;
            await reader.LoadAsync(position, sync: false, CancellationToken.None);
            reader.Verify(position, Segment(position));
            Assert.Equal(reads, file.Reads);
            Assert.True(file.BytesRead <= reads * TreeShape.BlockSize);
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => reader.Verify(position, Segment(position + 1))));
        }

        foreach ((int level, int block, int position) in new[] { (0, 1, 300), (1, 0, 300), (1, 1, 65_600), (2, 0, 300), (2, 0, 65_600) })
        {
            file.Change(level, block);
            using DigestTreeReader changed = file.Reader();
            var error = await Assert.ThrowsAsync<E2EException>(
                async () => await changed.LoadAsync(position, sync: false, CancellationToken.None));
            Assert.Equal(E2EError.NotAuthentic, error.Reason);
            file.Change(level, block);
        }
    }

    [Fact]
    public async Task A_block_that_was_refused_is_read_anew_and_not_taken_for_verified()
    {
        var file = new VirtualFile(300);
        using DigestTreeReader reader = file.Reader();
        file.Change(0, 0);
        for (int again = 0; again < 2; again++)
        {
            await Assert.ThrowsAsync<E2EException>(async () => await reader.LoadAsync(3, sync: false, CancellationToken.None));
        }

        file.Change(0, 0);
        await reader.LoadAsync(3, sync: false, CancellationToken.None);
        reader.Verify(3, Segment(3));
    }

    [Fact]
    public async Task A_refused_block_says_nothing_of_the_segments_under_the_one_in_whose_memory_it_was_read()
    {
        var file = new VirtualFile(600);
        using DigestTreeReader reader = file.Reader();
        await reader.LoadAsync(3, sync: false, CancellationToken.None);

        // The second block has, in the fourth place, the digest of another segment: refused, and then the fourth segment of the first block is asked for.
        byte[] forged = Segment(1_000_000);
        file.Put(0, 1, 3 * TreeShape.DigestSize, FixedTree.Leaf(forged));
        await Assert.ThrowsAsync<E2EException>(async () => await reader.LoadAsync(256 + 3, sync: false, CancellationToken.None));
        await reader.LoadAsync(3, sync: false, CancellationToken.None);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => reader.Verify(3, forged)));
        reader.Verify(3, Segment(3));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(300)]
    [InlineData(65_536)]
    [InlineData(65_837)]
    public void The_root_so_far_is_that_of_a_file_that_ends_there_and_the_tree_grows_on(int segments)
    {
        byte[][] leaves = [.. Enumerable.Range(0, 66_000).Select(i => FixedTree.Leaf(Segment(i)))];
        using var digest = new FileDigest(s_header);
        for (int i = 0; i < segments; i++)
        {
            digest.Add(leaves[i], 100, isLast: false, out _);
        }

        byte[] top = segments == 0 ? [] : FixedTree.Levels(leaves.Take(segments))[^1][0];
        Assert.Equal(FixedTree.RootOver(s_header, segments, 74 + (100L * segments), top), digest.RootSoFar());
        Assert.Equal(digest.RootSoFar(), digest.RootSoFar());
        byte[]? root = null;
        for (int i = segments; i < leaves.Length; i++)
        {
            digest.Add(leaves[i], 100, i == leaves.Length - 1, out root);
        }

        Assert.Equal(FixedTree.RootOver(s_header, leaves.Length, 74 + (100L * leaves.Length), FixedTree.Levels(leaves)[^1][0]), root);
    }

    [Fact]
    public void A_digest_has_32_bytes_and_a_header_74()
    {
        using var hash = new TreeHash();
        using var digest = new FileDigest(s_header);
        Assert.Throws<ArgumentException>("leaf", () => digest.Add(new byte[31], 100, isLast: false, out _));
        Assert.Throws<ArgumentException>("header", () => new FileDigest(new byte[73]));
        Assert.Throws<ArgumentException>("header", () => hash.Root(new byte[75], 1, 200, new byte[32]));
    }

    [Fact]
    public void A_tree_keeps_no_more_than_a_block_of_each_level_however_many_segments_come()
    {
        using var digest = new FileDigest(s_header);
        byte[] leaf = new byte[32];
        digest.Add(leaf, 100, isLast: false, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200_000; i++)
        {
            digest.Add(leaf, 100, isLast: false, out _);
        }

        // Two blocks of 8 KiB, one begun, and what stands ready: each grown by doubling.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    private static byte[] Segment(long position)
    {
        byte[] segment = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(segment, position);
        return segment;
    }

    /// <summary>The blocks of a file whose segments nobody needs.</summary>
    private sealed class VirtualFile
    {
        private readonly Dictionary<long, byte[]> _blocks = [];
        private readonly byte[] _root;

        public VirtualFile(int segments)
        {
            Layout = MediaLayout.OfPlaintext(s_parameters, ((segments - 1L) * Sample.PlaintextLength) + 9, hasTree: true);
            List<byte[][]> levels = FixedTree.Levels(Enumerable.Range(0, segments).Select(i => FixedTree.Leaf(Segment(i))));
            foreach ((int level, byte[][] digests) in levels.TakeWhile(level => level.Length > 1).Index())
            {
                foreach ((int block, byte[][] chunk) in digests.Chunk(TreeShape.FanOut).Index())
                {
                    (long offset, int length) = Layout.BlockAt(level, block);
                    _blocks.Add(offset, [.. chunk.SelectMany(digest => digest)]);
                    Assert.Equal(length, _blocks[offset].Length);
                }
            }

            _root = FixedTree.RootOver(s_header, segments, Layout.Floe.SealedLength, levels[^1][0]);
        }

        public MediaLayout Layout { get; }

        public int Reads { get; set; }

        public long BytesRead { get; set; }

        public void Change(int level, int block) => _blocks[Layout.BlockAt(level, block).Offset][0] ^= 1;

        public void Put(int level, int block, int at, byte[] digest) => digest.CopyTo(_blocks[Layout.BlockAt(level, block).Offset], at);

        public DigestTreeReader Reader() => new(Layout, _root, s_header, (offset, memory, _, _) =>
        {
            Reads++;
            BytesRead += memory.Length;
            _blocks[offset].CopyTo(memory);
            return ValueTask.CompletedTask;
        });
    }
}
