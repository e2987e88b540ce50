using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>Attacks 28, 34 and 41 below the file: what a segment, a header and a layout have to be, to the byte, and what is left where
/// they are not.</summary>
public sealed class FloeBounds
{
    private const int Full = Sample.PlaintextLength;

    private static readonly byte[] s_key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] s_iv = new byte[32];
    private static readonly FloeParameters s_parameters = new(Sample.SegmentLength);

    /// <summary>Also where padding alone would go beyond every number.</summary>
    [Theory]
    [InlineData(MediaPadding.None)]
    [InlineData(MediaPadding.Padme)]
    public void Of_a_content_that_no_file_can_have_no_length_is_told(MediaPadding padding)
    {
        MediaSealingOptions options = Sample.Options with { Padding = padding };
        long most = FloeParameters.MaxSegments * Sample.PlaintextLength;
        foreach (long length in new[] { long.MaxValue, long.MaxValue - 1, 1L << 62, most + 1, -1, long.MinValue })
        {
            Assert.Throws<ArgumentOutOfRangeException>("length", () => MediaSealer.GetSealedLength(length, options));
        }

        Assert.InRange(MediaSealer.GetSealedLength(most / 2, options), most / 2, long.MaxValue);

        // Here the padding alone goes over the last segment.
        options = options with { SegmentLength = 5000 };
        most = FloeParameters.MaxSegments * 4968;
        if (padding == MediaPadding.Padme)
        {
            Assert.Throws<ArgumentOutOfRangeException>("length", () => MediaSealer.GetSealedLength(most, options));
        }
        else
        {
            Assert.InRange(MediaSealer.GetSealedLength(most, options), most, long.MaxValue);
        }
    }

    [Fact]
    public void A_segment_stands_at_a_position_below_two_to_the_40()
    {
        using FloeState state = Start();
        using var cipher = new FloeSegmentCipher(state);
        byte[] segment = new byte[32 + 5];
        const long Last = FloeParameters.MaxSegments - 1;
        cipher.Seal("short"u8, Last, isFinal: true, segment);
        cipher.Open(segment, Last, isFinal: true, new byte[5]);
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => cipher.Seal("short"u8, Last + 1, isFinal: true, segment)));
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => cipher.Open(segment, Last + 1, isFinal: true, new byte[5])));
        Assert.Throws<ArgumentOutOfRangeException>(() => cipher.Seal("short"u8, -1, isFinal: true, segment));
        Assert.Throws<ArgumentOutOfRangeException>(() => cipher.Open(segment, -1, isFinal: true, new byte[5]));
    }

    [Fact]
    public void Only_the_final_segment_is_short_and_none_is_longer_than_full()
    {
        using FloeState state = Start();
        using var cipher = new FloeSegmentCipher(state);
        Assert.Throws<ArgumentException>("plaintext", () => cipher.Seal(new byte[Full - 1], 0, isFinal: false, new byte[Full + 31]));
        Assert.Throws<ArgumentException>("plaintext", () => cipher.Seal(new byte[Full + 1], 0, isFinal: true, new byte[Full + 33]));
        Assert.Throws<ArgumentException>("segment", () => cipher.Seal(new byte[Full], 0, isFinal: false, new byte[Full + 33]));
        Assert.Equal(E2EError.Truncated, Refusal.Of(() => cipher.Open(new byte[31], 0, isFinal: true, default)));
        Assert.Equal(E2EError.Truncated, Refusal.Of(() => cipher.Open(new byte[Full + 31], 0, isFinal: false, new byte[Full - 1])));
        Assert.Equal(E2EError.Truncated, Refusal.Of(() => cipher.Open(new byte[Full + 33], 0, isFinal: false, new byte[Full + 1])));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => cipher.Open(new byte[Full + 33], 0, isFinal: true, new byte[Full + 1])));
        Assert.Throws<ArgumentException>("plaintext", () => cipher.Open(new byte[Full + 32], 0, isFinal: true, new byte[Full + 1]));
    }

    [Fact]
    public void A_segment_that_is_refused_for_its_length_field_leaves_no_plaintext()
    {
        using FloeState state = Start();
        using var cipher = new FloeSegmentCipher(state);
        byte[] segment = new byte[32 + 5];
        cipher.Seal("short"u8, 0, isFinal: true, segment);
        segment[3] ^= 1;
        byte[] plaintext = [.. Enumerable.Repeat((byte)0xaa, 5)];
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => cipher.Open(segment, 0, isFinal: true, plaintext)));
        Assert.All(plaintext, b => Assert.Equal(0, b));
    }

    [Fact]
    public void A_header_has_74_bytes_and_one_of_another_key_leaves_no_message_key()
    {
        using FloeState state = Start();
        byte[] header = state.Header.ToArray();
        Assert.Equal(E2EError.Truncated, Refusal.Of(() => Resume(header[..73])));
        Assert.Equal(E2EError.Truncated, Refusal.Of(() => Resume([.. header, 0])));
        byte[] messageKey = Forge.BytesOf(state.MessageKey);
        header[^1] ^= 1;
        using (var zeroed = new ZeroedMemory())
        {
            Assert.Equal(E2EError.WrongCommitment, Refusal.Of(() => Resume(header)));
            Assert.Equal(2, zeroed.Times(messageKey)); // on the way into its owner, and with it
        }

        Assert.Throws<ArgumentException>("key", () => FloeState.Start(new byte[31], s_parameters, s_iv, default));
        Assert.Throws<ArgumentException>("iv", () => FloeState.Start(s_key, s_parameters, new byte[33], default));
        Assert.Throws<ArgumentException>("key", () => state.DeriveSegmentKey(0, new byte[33]));
    }

    [Fact]
    public void A_file_has_up_to_two_to_the_40_segments_and_room_for_a_tag_in_the_last()
    {
        const long Most = FloeParameters.HeaderSize + (FloeParameters.MaxSegments * Sample.SegmentLength);
        Assert.Equal(FloeParameters.MaxSegments, FloeLayout.OfSealed(s_parameters, Most).Segments);
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => FloeLayout.OfSealed(s_parameters, Most + 32)));
        for (int rest = 1; rest < FloeParameters.SegmentOverhead; rest++)
        {
            Assert.Equal(
                E2EError.Truncated,
                Refusal.Of(() => FloeLayout.OfSealed(s_parameters, FloeParameters.HeaderSize + Sample.SegmentLength + rest)));
        }

        Assert.Equal(2, FloeLayout.OfSealed(s_parameters, FloeParameters.HeaderSize + Sample.SegmentLength + 32).Segments);
    }

    [Fact]
    public void Padding_that_is_not_zeros_is_refused_in_memory_and_nothing_of_the_content_stays()
    {
        FloeLayout layout = FloeLayout.OfPlaintext(s_parameters, 10);
        using FloeState state = Start();
        byte[] file = new byte[layout.SealedLength];
        byte[] padded = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1];
        FloeSpan.Seal(state, layout, padded, file);
        byte[] content = new byte[9];
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => FloeSpan.Open(state, layout, file, content)));
        Assert.All(content, b => Assert.Equal(0, b));
        padded[^1] = 0;
        FloeSpan.Seal(state, layout, padded, file);
        FloeSpan.Open(state, layout, file, content);
        Assert.Equal(padded[..9], content);
    }

    [Fact]
    public void A_segment_is_longer_than_its_overhead_and_a_content_has_a_length_that_its_segments_hold()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new FloeParameters(FloeParameters.SegmentOverhead));
        Assert.Throws<ArgumentException>("encoded", () => s_parameters.Encode(new byte[FloeParameters.EncodedSize + 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => FloeLayout.OfPlaintext(s_parameters, -1));
        Assert.Equal(FloeParameters.MaxSegments, FloeLayout.OfPlaintext(s_parameters, FloeParameters.MaxSegments * Full).Segments);
        Assert.Throws<ArgumentOutOfRangeException>(() => FloeLayout.OfPlaintext(s_parameters, (FloeParameters.MaxSegments * Full) + 1));
    }

    [Fact]
    public void The_padded_end_of_a_content_is_zeroed_after_it_was_sealed_and_after_it_was_opened()
    {
        FloeLayout layout = FloeLayout.OfPlaintext(s_parameters, 40);
        using FloeState state = Start();
        byte[] content = [.. Enumerable.Range(100, 33).Select(i => (byte)i)];
        byte[] file = new byte[layout.SealedLength];
        using (var zeroed = new ZeroedMemory())
        {
            FloeSpan.Seal(state, layout, content, file);
            Assert.True(zeroed.Saw(content));
        }

        using (var zeroed = new ZeroedMemory())
        {
            FloeSpan.Open(state, layout, file, new byte[33]);
            Assert.True(zeroed.Saw(content));
        }
    }

    private static FloeState Start() => FloeState.Start(s_key, s_parameters, s_iv, "data"u8);

    private static void Resume(byte[] header) => FloeState.Resume(s_key, s_parameters, "data"u8, header).Dispose();
}
