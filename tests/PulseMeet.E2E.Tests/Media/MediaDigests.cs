using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>One reference, one content: for all who hold the key, whole or in ranges; and nothing of a tree of digests can be changed, left
/// out or added unseen.</summary>
public sealed class MediaDigests
{
    private const int P = Sample.PlaintextLength;

    private static readonly Sample s_small = Sample.OfThreeSegments();

    /// <summary>Two groups: 300 segments, two blocks of digests and one over them.</summary>
    private static readonly Sample s_large = Sample.Of((299 * P) + 100);

    private static int BlockAt => (int)s_small.Reference.Layout.BlockAt(0, 0).Offset;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Another_segment_by_a_holder_of_the_key_is_refused_whole_and_in_ranges(int position)
    {
        byte[] file = HolderOfTheKey.Seals(s_small, position);
        Assert.NotEqual(s_small.Content, s_small.Open(file)); // FLOE alone takes it
        RefusedWhole(s_small, file);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => ReadRange(s_small, file, position * P)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Digests_that_fit_another_segment_are_refused_by_the_root_before_any_range_is_read(int position)
    {
        byte[] file = HolderOfTheKey.Fits(s_small, HolderOfTheKey.Seals(s_small, position));
        Assert.NotEqual(s_small.Sealed[BlockAt..], file[BlockAt..]);
        RefusedWhole(s_small, file);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => SealedMediaStream.Open(s_small.Reference, new MemoryStream(file))));
    }

    [Fact]
    public void A_file_of_one_segment_has_no_digests_beside_its_root_and_is_bound_by_it()
    {
        Sample sample = Sample.Of(100);
        Assert.Equal(FloeParameters.HeaderSize + 100 + 32, sample.Sealed.Length);
        byte[] file = HolderOfTheKey.Seals(sample, 0);
        Assert.NotEqual(sample.Content, sample.Open(file));
        RefusedWhole(sample, file);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => SealedMediaStream.Open(sample.Reference, new MemoryStream(file))));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(298)]
    public void In_a_file_of_several_groups_a_replaced_segment_is_refused_and_every_other_one_can_be_read(int position)
    {
        byte[] file = HolderOfTheKey.Seals(s_large, position);
        RefusedWhole(s_large, file);
        using SealedMediaStream stream = SealedMediaStream.Open(s_large.Reference, new MemoryStream(file));
        foreach (int other in new[] { 0, 4, 6, 254, 257, 297, 299 })
        {
            byte[] read = new byte[100];
            stream.Position = other * P;
            stream.ReadExactly(read);
            Assert.Equal(s_large.Content[(other * P)..((other * P) + 100)], read);
        }

        stream.Position = (position * P) + 7;
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => stream.ReadByte()));

        byte[] fitted = HolderOfTheKey.Fits(s_large, file);
        RefusedWhole(s_large, fitted);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => ReadRange(s_large, fitted, position * P)));
    }

    [Fact]
    public void Of_two_files_under_one_key_and_iv_each_opens_under_its_own_reference_alone()
    {
        byte[] second = HolderOfTheKey.Fits(s_small, HolderOfTheKey.Seals(s_small, 1));
        byte[] root = FloeRoot(second, s_small.Reference.Layout);
        using MediaReference own = Reference(s_small, new MediaDigest(MediaDigestKind.Tree, root));
        byte[] content = new byte[own.Length];
        MediaOpener.Open(own, second, content);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => MediaOpener.Open(own, s_small.Sealed, content)));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => MediaOpener.Open(s_small.Reference, second, content)));
    }

    [Property(MaxTest = 200)]
    public bool Any_change_anywhere_in_a_file_of_several_groups_is_refused_whole_and_where_it_is_read(uint at, byte difference)
    {
        byte[] file = [.. s_large.Sealed];
        int position = (int)(at % file.Length);
        file[position] ^= difference;
        E2EError Of(Action action)
        {
            try
            {
                action();
                return E2EError.None;
            }
            catch (E2EException refusal)
            {
                return refusal.Reason;
            }
        }

        byte[] content = new byte[s_large.Content.Length];
        bool isRefused = Of(() => MediaOpener.OpenMemory(s_large.Reference, file, content, new() { Workers = 2 })) != E2EError.None;
        bool isRefusedInRanges = Of(() =>
        {
            using SealedMediaStream stream = SealedMediaStream.Open(s_large.Reference, new MemoryStream(file));
            stream.ReadExactly(content);
        }) != E2EError.None;
        return isRefused == (difference != 0) && isRefusedInRanges == isRefused;
    }

    [Fact]
    public void A_change_of_any_byte_of_the_digests_is_refused_whole_and_in_ranges()
    {
        byte[] changed = [.. s_small.Sealed];
        Assert.Equal(3 * 32, changed.Length - BlockAt);
        for (int at = BlockAt; at < changed.Length; at++)
        {
            changed[at] ^= 1;
            RefusedWhole(s_small, changed);
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => SealedMediaStream.Open(s_small.Reference, new MemoryStream(changed))));
            changed[at] ^= 1;
        }
    }

    [Fact]
    public void Digests_exchanged_or_of_another_file_are_refused()
    {
        Sample other = Sample.Of(s_small.Content.Length, key: s_small.Reference.Key);
        byte[] block = s_small.Sealed[BlockAt..];
        foreach (byte[] behind in new byte[][] { [.. block[32..64], .. block[..32], .. block[64..]], other.Sealed[BlockAt..], new byte[96] })
        {
            byte[] file = [.. s_small.Sealed[..BlockAt], .. behind];
            RefusedWhole(s_small, file);
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => SealedMediaStream.Open(s_small.Reference, new MemoryStream(file))));
        }
    }

    [Fact]
    public void Every_level_of_a_large_file_is_held_against_the_one_above()
    {
        MediaLayout layout = s_large.Reference.Layout;
        Assert.Equal(2, layout.Levels);
        foreach ((int level, int block, int read) in new[] { (0, 0, 3), (0, 1, 270), (1, 0, 3), (1, 0, 270) })
        {
            (long offset, int length) = layout.BlockAt(level, block);
            foreach (int at in new[] { 0, length - 1 })
            {
                byte[] file = [.. s_large.Sealed];
                file[(int)offset + at] ^= 0x80;
                RefusedWhole(s_large, file);
                Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => ReadRange(s_large, file, read * P)));
            }
        }
    }

    [Fact]
    public void A_stream_notices_changed_digests_where_they_stand_and_gives_nothing_out_behind_them()
    {
        byte[] file = [.. s_large.Sealed];
        file[(int)s_large.Reference.Layout.BlockAt(0, 0).Offset] ^= 1;
        var released = new MemoryStream();
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => MediaOpener.OpenStream(s_large.Reference, new Trickle(file), released)));
        Assert.Equal(s_large.Content[..(255 * P)], released.ToArray());
    }

    [Fact]
    public void A_file_cut_within_its_digests_is_refused_and_its_last_segment_kept_back()
    {
        for (int length = BlockAt; length < s_small.Sealed.Length; length++)
        {
            byte[] cut = s_small.Sealed[..length];
            Assert.Equal(E2EError.Truncated, Refusal.Of(() => s_small.Open(cut)));
            Assert.Equal(E2EError.Truncated, Refusal.Of(() => SealedMediaStream.Open(s_small.Reference, new MemoryStream(cut))));
            var released = new MemoryStream();
            Assert.Equal(E2EError.Truncated, Refusal.Of(() => MediaOpener.OpenStream(s_small.Reference, new Trickle(cut), released)));
            Assert.Equal(2 * P, released.Length);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    public void Bytes_behind_the_digests_are_refused_and_the_last_segment_kept_back(int count)
    {
        byte[] file = [.. s_small.Sealed, .. s_small.Sealed[BlockAt..(BlockAt + count)]];
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => s_small.Open(file)));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => SealedMediaStream.Open(s_small.Reference, new MemoryStream(file))));
        var released = new MemoryStream();
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => MediaOpener.OpenStream(s_small.Reference, new Trickle(file), released)));
        Assert.Equal(2 * P, released.Length);
    }

    [Fact]
    public void The_root_of_a_longer_file_does_not_open_its_beginning_though_a_holder_of_the_key_ended_it_there()
    {
        // Two segments of the three: the second is sealed anew as the last, and the digests fit.
        Sample shorter = Ended(s_small, 2);
        Assert.Equal(s_small.Content[..P], shorter.Open(shorter.Sealed)[..P]);
        using MediaReference reference = Reference(shorter, new MediaDigest(MediaDigestKind.Tree, s_small.Reference.Digest!.Value.ToArray()));
        Sample asked = shorter with { Reference = reference };
        RefusedWhole(asked, shorter.Sealed);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => SealedMediaStream.Open(reference, new MemoryStream(shorter.Sealed))));
    }

    [Fact]
    public void A_flat_digest_of_an_earlier_file_still_opens_it_whole_and_refuses_another()
    {
        Sample plain = Sample.OfThreeSegments(Sample.Plain);
        using MediaReference made = Reference(plain, new MediaDigest(MediaDigestKind.Flat, Sha256.Hash(plain.Sealed)));
        byte[] encoded = made.Encode();
        Assert.Equal(1, encoded[0]);
        using MediaReference flat = MediaReference.Decode(encoded);
        Assert.Equal(MediaDigestKind.Flat, flat.DigestKind);
        Assert.Equal(encoded, flat.Encode());
        Sample sample = plain with { Reference = flat };
        Assert.Equal(plain.Content, sample.Open(plain.Sealed, MediaOpeningOptions.Default));
        byte[] file = HolderOfTheKey.Seals(sample, 1);
        RefusedWhole(sample, file);

        // What a tree is for: ranges compare no flat digest.
        ReadRange(sample, file, P);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void However_many_threads_open_a_file_in_memory_of_several_faults_the_first_is_the_reason(int workers)
    {
        // Eight segments of padding, zeros but for one byte in the fourth of them.
        const int Length = (1 << 20) + 1;
        byte[] padded = Sample.Bytes((int)MediaPadding.Padme.Pad(Length));
        padded.AsSpan(Length).Clear();
        padded[Length + (3 * P)] = 1;
        Sample sample = Sample.Sealing(padded, Sample.Options);
        using MediaReference reference = Reference(
            sample, new MediaDigest(MediaDigestKind.Tree, sample.Reference.Digest!.Value.ToArray()), Length);
        byte[] content = new byte[reference.Length];
        void Refused(E2EError reason, byte[] file)
        {
            content.AsSpan().Fill(0xAA);
            Assert.Equal(reason, Refusal.Of(() => MediaOpener.OpenMemory(reference, file, content, new() { Workers = workers })));
            Assert.Equal(-1, content.AsSpan().IndexOfAnyExcept((byte)0));
            Assert.Equal(reason, Refusal.Of(() => MediaOpener.Open(reference, file, content)));
            Assert.Equal(reason, Refusal.Of(() => MediaOpener.OpenStream(reference, new MemoryStream(file), Stream.Null)));
        }

        Refused(E2EError.InvalidEncoding, sample.Sealed);
        byte[] changed = [.. sample.Sealed];
        changed[(int)reference.Layout.OffsetOf(257) + 100] ^= 1;
        Refused(E2EError.NotAuthentic, changed);
        changed = [.. sample.Sealed];
        changed[^1] ^= 1; // of the digests: behind the padding
        Refused(E2EError.InvalidEncoding, changed);
    }

    [Fact]
    public void A_new_file_has_a_tree_and_one_without_a_digest_says_so()
    {
        Assert.Equal(MediaDigestKind.Tree, s_small.Reference.DigestKind);
        Assert.Equal(2, s_small.Reference.Encode()[0]);
        using MediaReference again = MediaReference.Decode(s_small.Reference.Encode());
        Assert.Equal(s_small.Reference.Encode(), again.Encode());
        Assert.Equal(MediaDigestKind.None, Sample.Of(10, Sample.Plain).Reference.DigestKind);
        Assert.Null(Sample.Of(10, Sample.Plain).Reference.Digest);
    }

    private static void RefusedWhole(Sample sample, byte[] file)
    {
        byte[] content = new byte[sample.Reference.Length];
        content.AsSpan().Fill(0xAA);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => MediaOpener.Open(sample.Reference, file, content)));
        foreach (int workers in new[] { 1, 3 })
        {
            content.AsSpan().Fill(0xAA);
            Assert.Equal(
                E2EError.NotAuthentic, Refusal.Of(() => MediaOpener.OpenMemory(sample.Reference, file, content, new() { Workers = workers })));
            if (sample.Reference.DigestKind == MediaDigestKind.Tree)
            {
                Assert.Equal(-1, content.AsSpan().IndexOfAnyExcept((byte)0));
            }

            var released = new MemoryStream();
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => MediaOpener.OpenStream(
                sample.Reference, new Trickle(file, 65_521), released, new() { Workers = workers })));
            Assert.True(released.Length <= (sample.Reference.Layout.Segments - 1) * P);
        }
    }

    private static void ReadRange(Sample sample, byte[] file, int from)
    {
        using SealedMediaStream stream = SealedMediaStream.Open(sample.Reference, new MemoryStream(file));
        stream.Position = from;
        stream.ReadByte();
    }

    private static MediaReference Reference(Sample sample, MediaDigest? digest, long? length = null)
    {
        byte[] key = new byte[MediaKey.KeySize];
        sample.Reference.Key.Export(key);
        return new MediaReference(
            Sample.Description,
            key,
            Sample.SegmentLength,
            length ?? sample.Reference.Length,
            sample.Sealed.Length,
            sample.Reference.Commitment.Span,
            digest);
    }

    /// <summary>A file under the same key and IV that ends earlier, with a tree of its own.</summary>
    private static Sample Ended(Sample sample, int segments)
    {
        byte[] content = sample.Content[..(((segments - 1) * P) + 1000)];
        byte[] file = new byte[MediaSealer.GetSealedLength(content.Length, Sample.Options)];
        MediaLayout layout = MediaLayout.OfPlaintext(sample.Reference.Layout.Parameters, content.Length, hasTree: true);
        using SecretScope key = sample.Reference.Key.Use();
        using FloeState state = FloeState.Start(
            key.Span,
            layout.Parameters,
            sample.Sealed.AsSpan(10, FloeParameters.IvSize),
            MediaAssociatedData.Encode(sample.Reference.MediaId, sample.Reference.Kind));
        using var digest = new FileDigest(state.Header);
        byte[] root = FloeSpan.Seal(state, layout, content, file, digest)!;
        sample.Sealed.AsSpan(0, FloeParameters.HeaderSize + Sample.SegmentLength).CopyTo(file);
        byte[] exported = new byte[MediaKey.KeySize];
        sample.Reference.Key.Export(exported);
        var shorter = new Sample(content, file, new MediaReference(
            Sample.Description, exported, Sample.SegmentLength, content.Length, file.Length, state.HeaderTag, new MediaDigest(MediaDigestKind.Tree, root)));
        return shorter with { Sealed = HolderOfTheKey.Fits(shorter, file) };
    }

    private static byte[] FloeRoot(byte[] file, MediaLayout layout)
    {
        using var digest = new FileDigest(file.AsSpan(0, FloeParameters.HeaderSize));
        byte[]? root = null;
        for (long position = 0; position < layout.Segments; position++)
        {
            root = digest.Write(
                file.AsSpan((int)layout.OffsetOf(position), layout.SealedLengthOf(position)),
                new byte[layout.LengthOfBlocksBehind(position)],
                layout.IsFinal(position));
        }

        return root!;
    }
}
