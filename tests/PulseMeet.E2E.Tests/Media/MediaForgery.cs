using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>A sealed file that was changed in any way is refused, and nothing unverified is given out.</summary>
public sealed class MediaForgery
{
    private const int SegmentLength = Sample.SegmentLength;

    private static readonly Sample s_sample = Sample.OfThreeSegments(Sample.Plain);

    [Fact]
    public void A_file_truncated_at_any_byte_is_refused()
    {
        for (int length = 0; length < s_sample.Sealed.Length; length++)
        {
            byte[] truncated = s_sample.Sealed[..length];
            Assert.Equal(E2EError.Truncated, Assert.Throws<E2EException>(() => s_sample.Open(truncated)).Reason);
        }
    }

    [Fact]
    public void The_format_itself_refuses_every_truncation_even_where_the_length_is_not_known()
    {
        for (int length = FloeParameters.HeaderSize; length < s_sample.Sealed.Length; length++)
        {
            byte[] truncated = s_sample.Sealed[..length];
            var error = Assert.Throws<E2EException>(() => OpenByItsOwnLength(truncated));
            Assert.True(error.Reason is E2EError.Truncated or E2EError.NotAuthentic);
        }
    }

    [Fact]
    public void A_stream_that_ends_early_gives_out_verified_whole_segments_and_then_the_reason()
    {
        foreach (int length in new[] { 0, 10, 74, 75, 74 + SegmentLength - 1, 74 + SegmentLength, 74 + (2 * SegmentLength) })
        {
            (E2EError reason, byte[] released) = s_sample.RefuseStream(s_sample.Sealed[..length]);
            Assert.Equal(E2EError.Truncated, reason);
            int segments = Math.Max(0, (length - 74) / SegmentLength);
            Assert.Equal(s_sample.Content[..(segments * Sample.PlaintextLength)], released);
        }
    }

    [Fact]
    public void A_change_of_any_byte_is_refused_and_the_destination_is_zeroed()
    {
        byte[] changed = [.. s_sample.Sealed];
        byte[] content = new byte[s_sample.Reference.Length];
        for (int i = 0; i < changed.Length; i++)
        {
            changed[i] ^= 0x40;
            content.AsSpan().Fill(0xAA);
            var error = Assert.Throws<E2EException>(
                () => MediaOpener.Open(s_sample.Reference, changed, content, Sample.WithoutDigest));
            Assert.Equal(ReasonFor(i), error.Reason);
            if (i >= FloeParameters.HeaderSize)
            {
                Assert.Equal(-1, content.AsSpan().IndexOfAnyExcept((byte)0));
            }

            changed[i] ^= 0x40;
        }

        Assert.Equal(s_sample.Content, s_sample.Open(changed));
    }

    [Property(MaxTest = 500)]
    public bool Any_change_at_any_position_by_any_value_is_refused(uint position, byte difference)
    {
        byte[] changed = [.. s_sample.Sealed];
        changed[position % changed.Length] ^= difference;
        try
        {
            return s_sample.Open(changed).AsSpan().SequenceEqual(s_sample.Content) && difference == 0;
        }
        catch (E2EException)
        {
            return difference != 0;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Swapped_segments_are_refused_and_none_of_them_is_given_out(int workers)
    {
        byte[] swapped = [.. s_sample.Sealed];
        Segment(0).CopyTo(swapped.AsSpan(74 + SegmentLength));
        Segment(1).CopyTo(swapped.AsSpan(74));
        Assert.Equal((E2EError.NotAuthentic, 0), Refused(swapped, workers));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_dropped_segment_is_refused(int dropped)
    {
        byte[] file = [.. s_sample.Sealed[..(74 + (dropped * SegmentLength))],
            .. s_sample.Sealed[(74 + ((dropped + 1) * SegmentLength))..]];
        Assert.Equal(E2EError.Truncated, Assert.Throws<E2EException>(() => s_sample.Open(file)).Reason);
        Assert.Equal(dropped * Sample.PlaintextLength, Refused(file).Released);
        Assert.Equal(E2EError.NotAuthentic, Assert.Throws<E2EException>(() => OpenByItsOwnLength(file)).Reason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_duplicated_segment_is_refused(int duplicated)
    {
        byte[] file = [.. s_sample.Sealed[..(74 + ((duplicated + 1) * SegmentLength))], .. Segment(duplicated),
            .. s_sample.Sealed[(74 + ((duplicated + 1) * SegmentLength))..]];
        Assert.Equal(E2EError.InvalidEncoding, Assert.Throws<E2EException>(() => s_sample.Open(file)).Reason);
        Assert.Equal((duplicated + 1) * Sample.PlaintextLength, Refused(file).Released);
        Assert.Equal(E2EError.NotAuthentic, Assert.Throws<E2EException>(() => OpenByItsOwnLength(file)).Reason);
    }

    [Fact]
    public void A_segment_repeated_in_anothers_place_is_refused()
    {
        byte[] file = [.. s_sample.Sealed];
        Segment(0).CopyTo(file.AsSpan(74 + SegmentLength));
        Assert.Equal((E2EError.NotAuthentic, Sample.PlaintextLength), Refused(file));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(SegmentLength)]
    public void Appended_bytes_are_refused_before_the_last_segment_is_given_out(int count)
    {
        byte[] file = [.. s_sample.Sealed, .. new byte[count]];
        Assert.Equal(E2EError.InvalidEncoding, Assert.Throws<E2EException>(() => s_sample.Open(file)).Reason);
        Assert.Equal((E2EError.InvalidEncoding, 2 * Sample.PlaintextLength), Refused(file));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_segment_of_another_file_under_the_same_key_is_refused(int spliced)
    {
        Sample other = Sample.Of(s_sample.Content.Length, Sample.Plain, key: s_sample.Reference.Key);
        byte[] file = [.. s_sample.Sealed];
        int offset = 74 + (spliced * SegmentLength);
        int length = Math.Min(SegmentLength, file.Length - offset);
        other.Sealed.AsSpan(offset, length).CopyTo(file.AsSpan(offset));
        Assert.Equal((E2EError.NotAuthentic, spliced * Sample.PlaintextLength), Refused(file));
    }

    [Fact]
    public void The_final_flag_flipped_on_any_segment_is_refused()
    {
        for (int position = 0; position < 3; position++)
        {
            byte[] file = [.. s_sample.Sealed];
            Span<byte> field = file.AsSpan(74 + (position * SegmentLength), 4);
            uint flipped = position < 2 ? SegmentLength : 0xFFFFFFFF;
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(field, flipped);
            Assert.Equal((E2EError.NotAuthentic, position * Sample.PlaintextLength), Refused(file));
        }

        // The file ends at its second segment, which says that it is the last.
        byte[] shortened = s_sample.Sealed[..(74 + (2 * SegmentLength))];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(shortened.AsSpan(74 + SegmentLength), SegmentLength);
        Assert.Equal(E2EError.NotAuthentic, Assert.Throws<E2EException>(() => OpenByItsOwnLength(shortened)).Reason);
    }

    [Fact]
    public void An_empty_final_segment_in_place_of_a_full_one_or_behind_it_is_refused()
    {
        using MediaKey key = MediaKey.Import(new byte[32]);
        Sample full = Sample.Of(2 * Sample.PlaintextLength, Sample.Plain, key);
        Sample empty = Sample.Of(0, Sample.Plain, key);
        byte[] emptyFinal = empty.Sealed[74..];
        byte[] replaced = [.. full.Sealed[..(74 + SegmentLength)], .. emptyFinal];
        byte[] appended = [.. full.Sealed, .. emptyFinal];

        Assert.Equal(E2EError.Truncated, Assert.Throws<E2EException>(() => full.Open(replaced)).Reason);
        Assert.Equal(E2EError.InvalidEncoding, Assert.Throws<E2EException>(() => full.Open(appended)).Reason);
        Assert.Equal(E2EError.NotAuthentic, full.RefuseStream(appended[..(74 + SegmentLength)].Concat(emptyFinal)
            .Concat(new byte[SegmentLength - 32]).ToArray()).Reason);
    }

    [Fact]
    public void A_reference_whose_lengths_allow_an_empty_final_segment_is_refused()
    {
        byte[] encoded = Sample.Of(Sample.PlaintextLength, Sample.Plain).Reference.Encode();
        int sealedLength = 1 + 1 + 2 + "media-1".Length + 32 + 4 + 8;
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(encoded.AsSpan(sealedLength), 74 + SegmentLength + 32);
        Assert.Equal(E2EError.InvalidEncoding, Assert.Throws<E2EException>(() => MediaReference.Decode(encoded)).Reason);
    }

    [Fact]
    public void A_wrong_key_id_or_kind_is_refused_by_the_commitment()
    {
        byte[] encoded = s_sample.Reference.Encode();
        foreach (int at in new[] { 1, 4, 4 + "media-1".Length })
        {
            byte[] changed = [.. encoded];
            changed[at] ^= 1;
            using MediaReference reference = MediaReference.Decode(changed);
            var error = Assert.Throws<E2EException>(
                () => MediaOpener.Open(reference, s_sample.Sealed, new byte[s_sample.Content.Length]));
            Assert.Equal(E2EError.WrongCommitment, error.Reason);
        }
    }

    private static E2EError ReasonFor(int position) => position switch
    {
        < 10 => E2EError.InvalidEncoding,
        < 74 => E2EError.WrongCommitment,
        _ => E2EError.NotAuthentic,
    };

    private static ReadOnlySpan<byte> Segment(int position) =>
        s_sample.Sealed.AsSpan(74 + (position * SegmentLength), SegmentLength);

    private static (E2EError Reason, int Released) Refused(byte[] file, int workers = 1)
    {
        (E2EError reason, byte[] released) = s_sample.RefuseStream(file, workers);
        Assert.Equal(s_sample.Content[..released.Length], released);
        return (reason, released.Length);
    }

    private static void OpenByItsOwnLength(byte[] file)
    {
        FloeLayout layout = FloeLayout.OfSealed(new FloeParameters(SegmentLength), file.Length);
        using FloeState state = MediaVerification.Start(s_sample.Reference, file.AsSpan(0, 74));
        FloeSpan.Open(state, layout, file, new byte[layout.PlaintextLength]);
    }
}
