using System.Buffers;
using System.Runtime.InteropServices;
using FsCheck.Xunit;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>Any range can be read, touching only its segments, and the end of the file is verified before anything is given out.</summary>
public sealed class MediaRanges
{
    private const int Segments = 10;

    private static readonly Sample s_sample = Sample.Of(((Segments - 1) * Sample.PlaintextLength) + 100, Sample.Plain);

    [Property(MaxTest = 300)]
    public bool Any_range_is_what_the_content_has_there(uint offset, ushort length)
    {
        int from = (int)(offset % (s_sample.Content.Length + 10));
        using SealedMediaStream stream = SealedMediaStream.Open(s_sample.Reference, new MemoryStream(s_sample.Sealed));
        stream.Position = from;
        byte[] range = new byte[length];
        int read = stream.ReadAtLeast(range, length, throwOnEndOfStream: false);
        int expected = Math.Max(0, Math.Min(length, s_sample.Content.Length - from));
        return read == expected
            && range.AsSpan(0, read).SequenceEqual(s_sample.Content.AsSpan(Math.Min(from, s_sample.Content.Length), expected));
    }

    [Fact]
    public void A_position_before_the_beginning_or_beyond_every_number_is_the_callers_mistake_and_one_behind_the_end_reads_nothing()
    {
        Sample sample = Sample.OfThreeSegments();
        using SealedMediaStream stream = SealedMediaStream.Open(sample.Reference, new MemoryStream(sample.Sealed));
        stream.Position = 5;
        foreach ((long offset, SeekOrigin origin) in new[]
        {
            (long.MaxValue, SeekOrigin.Current), (long.MaxValue, SeekOrigin.End), (long.MinValue, SeekOrigin.Begin), (long.MinValue, SeekOrigin.Current),
            (long.MinValue, SeekOrigin.End), (-6, SeekOrigin.Current), (-1, SeekOrigin.Begin), (0, (SeekOrigin)3),
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => stream.Seek(offset, origin));
            Assert.Equal(5, stream.Position);
        }

        Assert.Equal(long.MaxValue, stream.Seek(long.MaxValue - 5, SeekOrigin.Current));
        Assert.Equal(0, stream.Read(new byte[1]));
    }

    [Fact]
    public async Task Reading_in_both_forms_from_front_to_back_gives_the_content()
    {
        await using SealedMediaStream stream =
            await SealedMediaStream.OpenAsync(s_sample.Reference, new MemoryStream(s_sample.Sealed));
        Assert.Equal(s_sample.Content.Length, stream.Length);
        var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        Assert.Equal(s_sample.Content, copy.ToArray());

        stream.Seek(-5, SeekOrigin.End);
        byte[] end = new byte[10];
        Assert.Equal(5, stream.Read(end, 0, 10));
        Assert.Equal(s_sample.Content[^5..], end[..5]);
        Assert.Equal(0, await stream.ReadAsync(end.AsMemory()));
    }

    [Fact]
    public void A_range_near_the_end_verifies_the_final_segment_first()
    {
        // The segment before the last is intact; the file's end is not.
        byte[] changed = [.. s_sample.Sealed];
        changed[^1] ^= 1;
        var watched = new Watched(changed);
        var error = Assert.Throws<E2EException>(() => SealedMediaStream.Open(s_sample.Reference, watched));
        Assert.Equal(E2EError.NotAuthentic, error.Reason);

        var intact = new Watched(s_sample.Sealed);
        using SealedMediaStream stream = SealedMediaStream.Open(s_sample.Reference, intact);
        stream.Position = ((Segments - 1) * Sample.PlaintextLength) - 10;
        stream.ReadExactly(new byte[20]);
        long last = 74 + ((Segments - 1L) * Sample.SegmentLength);
        Assert.Equal([0, last, last - Sample.SegmentLength, last], intact.ReadFrom);
    }

    [Fact]
    public void A_range_touches_the_header_the_last_segment_and_its_own_segments_alone()
    {
        byte[] changed = [.. s_sample.Sealed];
        for (int position = 0; position < Segments - 1; position++)
        {
            if (position is not (4 or 5))
            {
                changed[74 + (position * Sample.SegmentLength) + 50] ^= 1;
            }
        }

        var watched = new Watched(changed);
        using SealedMediaStream stream = SealedMediaStream.Open(s_sample.Reference, watched);
        byte[] range = new byte[2 * Sample.PlaintextLength];
        stream.Position = 4 * Sample.PlaintextLength;
        stream.ReadExactly(range);
        Assert.Equal(s_sample.Content[(4 * Sample.PlaintextLength)..(6 * Sample.PlaintextLength)], range);
        Assert.Equal(74 + (s_sample.Sealed.Length - 74 - (9 * Sample.SegmentLength)) + (2 * Sample.SegmentLength), watched.BytesRead);

        stream.Position = 3 * Sample.PlaintextLength;
        Assert.Equal(E2EError.NotAuthentic, Assert.Throws<E2EException>(() => stream.ReadByte()).Reason);
    }

    [Fact]
    public void Comparing_the_digest_reads_the_blocks_over_a_range_once_and_nothing_else_besides()
    {
        Sample large = Sample.Of((299 * Sample.PlaintextLength) + 100);
        MediaLayout layout = large.Reference.Layout;
        long upper = layout.BlockAt(1, 0).Offset;
        long second = layout.BlockAt(0, 1).Offset;
        var watched = new Watched(large.Sealed);
        using SealedMediaStream stream = SealedMediaStream.Open(large.Reference, watched);
        Assert.Equal([0, layout.OffsetOf(299), upper, second], watched.ReadFrom);

        watched.ReadFrom.Clear();
        stream.Position = 10 * Sample.PlaintextLength;
        stream.ReadExactly(new byte[2 * Sample.PlaintextLength]);
        stream.Position = 200 * Sample.PlaintextLength;
        stream.ReadExactly(new byte[10]);
        Assert.Equal([layout.OffsetOf(10), layout.BlockAt(0, 0).Offset, layout.OffsetOf(11), layout.OffsetOf(200)], watched.ReadFrom);
    }

    [Fact]
    public void A_truncated_or_lengthened_file_is_refused_before_any_range_is_read()
    {
        Assert.Equal(E2EError.Truncated, Refuse(s_sample.Sealed[..^1]));
        Assert.Equal(E2EError.Truncated, Refuse([]));
        Assert.Equal(E2EError.InvalidEncoding, Refuse([.. s_sample.Sealed, 0]));
    }

    [Fact]
    public void A_padded_file_ends_where_its_content_ends()
    {
        Sample padded = Sample.Of(100_001, Sample.Plain with { Padding = MediaPadding.Padme });
        using SealedMediaStream stream = SealedMediaStream.Open(padded.Reference, new MemoryStream(padded.Sealed));
        Assert.Equal(100_001, stream.Length);
        stream.Position = 100_000;
        Assert.Equal(1, stream.Read(new byte[10], 0, 10));
        Assert.Equal(-1, stream.ReadByte());
    }

    [Theory]
    [InlineData((1 << 20) + (1 << 15) - 1)] // the final segment
    [InlineData((1 << 20) + (1 << 15) - 9000)] // a segment of padding alone
    [InlineData((1 << 20) + 1)] // the byte behind the content
    public void Padding_that_is_not_zeros_is_refused_before_the_end_of_the_content_is_given_out(int at)
    {
        const int Length = (1 << 20) + 1;
        byte[] padded = Sample.Bytes((int)MediaPadding.Padme.Pad(Length));
        padded.AsSpan(Length).Clear();
        Assert.Equal(Length, ReadToTheEnd(padded, Length));
        padded[at] = 1;
        Assert.Equal(E2EError.InvalidEncoding, Assert.Throws<E2EException>(() => ReadToTheEnd(padded, Length)).Reason);
    }

    [Fact]
    public async Task A_buffer_that_a_pending_read_writes_is_nobody_elses_after_the_stream_was_disposed()
    {
        var source = new Pending(s_sample.Sealed);
        SealedMediaStream stream = SealedMediaStream.Open(s_sample.Reference, source, leaveOpen: true);
        stream.Position = 0;
        Task<int> read = stream.ReadAsync(new byte[10]).AsTask();
        Assert.False(read.IsCompleted);
        stream.Dispose();

        byte[][] rented = [.. Enumerable.Range(0, 200).Select(_ => ArrayPool<byte>.Shared.Rent(Sample.SegmentLength))];
        Assert.DoesNotContain(rented, array => ReferenceEquals(array, source.Written));
        source.GoOn.SetResult();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => read);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await stream.ReadExactlyAsync(new byte[10]));
        Assert.All(rented, array => ArrayPool<byte>.Shared.Return(array));
    }

    [Fact]
    public void A_source_that_cannot_seek_is_the_callers_mistake() =>
        Assert.Throws<ArgumentException>(() => SealedMediaStream.Open(s_sample.Reference, new Trickle(s_sample.Sealed)));

    /// <summary>Seals a content and its padding as they are, and reads the content's last bytes as a range.</summary>
    private static long ReadToTheEnd(byte[] padded, long length)
    {
        Sample sample = Sample.Sealing(padded, Sample.Plain);
        byte[] key = new byte[32];
        sample.Reference.Key.Export(key);
        using var reference = new MediaReference(
            Sample.Description,
            key,
            Sample.SegmentLength,
            length,
            sample.Sealed.Length,
            sample.Reference.Commitment.Span,
            digest: null);
        using SealedMediaStream stream = SealedMediaStream.Open(reference, new MemoryStream(sample.Sealed));
        stream.Position = length - 1;
        Assert.Equal(padded[length - 1], stream.ReadByte());
        return stream.Position;
    }

    private static E2EError Refuse(byte[] file) =>
        Assert.Throws<E2EException>(() => SealedMediaStream.Open(s_sample.Reference, new MemoryStream(file))).Reason;

    /// <summary>Answers an asynchronous read when it is told to, and writes where it was asked to.</summary>
    private sealed class Pending(byte[] bytes) : MemoryStream(bytes)
    {
        public TaskCompletionSource GoOn { get; } = new();

        public byte[]? Written { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Assert.True(MemoryMarshal.TryGetArray(buffer, out ArraySegment<byte> array));
            Written = array.Array;
            await GoOn.Task;
            return Read(buffer.Span);
        }
    }

    /// <summary>Notes where reads begin and how much they take.</summary>
    private sealed class Watched(byte[] bytes) : MemoryStream(bytes)
    {
        public List<long> ReadFrom { get; } = [];

        public long BytesRead { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            ReadFrom.Add(Position);
            byte[] piece = new byte[buffer.Length];
            int read = base.Read(piece, 0, piece.Length);
            piece.AsSpan(0, read).CopyTo(buffer);
            BytesRead += read;
            return read;
        }
    }
}
