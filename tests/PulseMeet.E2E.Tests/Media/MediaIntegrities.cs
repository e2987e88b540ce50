using System.Buffers.Binary;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>Whoever keeps a sealed file and was told its digest can tell a whole copy from any other, without the key.</summary>
public sealed class MediaIntegrities
{
    private static readonly Sample s_sample = Sample.OfThreeSegments();

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(3 * Sample.PlaintextLength)]
    [InlineData(300 * Sample.PlaintextLength)]
    public async Task A_whole_copy_is_taken_whatever_stands_before_it(int length)
    {
        Sample sample = Sample.Of(length);
        using var stream = new MemoryStream([1, 2, 3, .. sample.Sealed]);
        stream.Position = 3;
        await MediaIntegrity.VerifyAsync(stream, sample.Reference.Digest!.Value);
    }

    [Fact]
    public async Task A_change_of_any_byte_is_refused()
    {
        byte[] file = [.. s_sample.Sealed];
        for (int at = 0; at < file.Length; at++)
        {
            file[at] ^= 1;
            E2EError reason = await RefusalOf(file);
            Assert.True(at < 10 ? reason is E2EError.InvalidEncoding or E2EError.LimitExceeded or E2EError.NotAuthentic : reason is E2EError.NotAuthentic);
            file[at] ^= 1;
        }
    }

    [Fact]
    public async Task Another_segment_length_is_refused_by_its_bounds_by_the_length_or_by_the_root()
    {
        foreach ((uint segmentLength, E2EError[] reasons) in new (uint, E2EError[])[]
        {
            (0, [E2EError.LimitExceeded]), (4095, [E2EError.LimitExceeded]), (1_048_577, [E2EError.LimitExceeded]), (uint.MaxValue, [E2EError.LimitExceeded]),
            (4097, [E2EError.NotAuthentic, E2EError.InvalidEncoding]), (65_536, [E2EError.NotAuthentic]),
        })
        {
            byte[] file = [.. s_sample.Sealed];
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(2), segmentLength);
            Assert.Contains(await RefusalOf(file), reasons);
        }
    }

    [Fact]
    public async Task A_copy_cut_anywhere_lengthened_or_of_another_file_is_refused()
    {
        for (int length = 0; length < s_sample.Sealed.Length; length += length < 200 ? 1 : 61)
        {
            E2EError reason = await RefusalOf(s_sample.Sealed[..length]);
            Assert.True(reason is E2EError.Truncated or E2EError.InvalidEncoding or E2EError.NotAuthentic);
        }

        Assert.NotEqual(E2EError.None, await RefusalOf([.. s_sample.Sealed, 0]));
        Assert.Equal(E2EError.NotAuthentic, await RefusalOf(Sample.OfThreeSegments().Sealed));
        Assert.Equal(E2EError.NotAuthentic, await RefusalOf(HolderOfTheKey.Fits(s_sample, HolderOfTheKey.Seals(s_sample, 1))));
    }

    /// <summary>Also where a block of digests begins and ends: behind 256 segments, and behind 65,536.</summary>
    [Fact]
    public async Task Of_all_lengths_those_that_a_file_can_have_are_compared_and_the_others_are_refused_for_what_they_are()
    {
        byte[] header = s_sample.Sealed[..FloeParameters.HeaderSize];
        foreach (long segments in new long[] { 1, 2, 255, 256, 257, 512, 65_536, 65_537 })
        {
            var taken = new HashSet<long>();
            for (long content = ((segments - 1) * Sample.PlaintextLength) - 40; content <= (segments * Sample.PlaintextLength) + 400; content++)
            {
                taken.Add(MediaSealer.GetSealedLength(Math.Max(0, content), Sample.Options));
            }

            long first = MediaSealer.GetSealedLength(Math.Max(0, ((segments - 1) * Sample.PlaintextLength) - 20), Sample.Options);
            long last = MediaSealer.GetSealedLength((segments * Sample.PlaintextLength) + 20, Sample.Options);
            foreach (long length in Enumerable.Range(0, 60).SelectMany(i => new[] { first + i, last - i })
                .Concat(Around(segments)).Concat(Enumerable.Range(0, segments == 1 ? 110 : 0).Select(i => (long)i)).Where(length => length <= last))
            {
                E2EError expected = length < FloeParameters.HeaderSize + FloeParameters.SegmentOverhead ? E2EError.Truncated
                    : taken.Contains(length) ? E2EError.NotAuthentic
                    : E2EError.InvalidEncoding;
                if (length >= first || segments == 1)
                {
                    Assert.Equal((length, expected), (length, await RefusalOf(new Zeros(header, length))));
                }
            }
        }

        // Where the blocks themselves begin and end, on both sides.
        static IEnumerable<long> Around(long segments)
        {
            long behind = FloeParameters.HeaderSize + (segments * Sample.SegmentLength);
            return Enumerable.Range(-40, 80).SelectMany(i => new[] { behind + i, behind + TreeShape.Length(segments) + i });
        }
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(1L << 61)]
    public async Task More_than_any_file_has_is_refused_before_anything_is_allocated(long length) =>
        Assert.Equal(E2EError.LimitExceeded, await RefusalOf(new Zeros(s_sample.Sealed[..FloeParameters.HeaderSize], length)));

    [Fact]
    public async Task A_position_behind_the_end_is_an_empty_file()
    {
        using var stream = new MemoryStream(s_sample.Sealed) { Position = s_sample.Sealed.Length + 7 };
        E2EException refused = await Assert.ThrowsAsync<E2EException>(() => MediaIntegrity.VerifyAsync(stream, s_sample.Reference.Digest!.Value));
        Assert.Equal(E2EError.Truncated, refused.Reason);
    }

    [Fact]
    public async Task A_stream_that_cannot_seek_or_a_digest_of_another_length_is_the_callers_mistake()
    {
        await Assert.ThrowsAsync<ArgumentException>("sealedFile", () => MediaIntegrity.VerifyAsync(new Trickle(s_sample.Sealed), new byte[32]));
        await Assert.ThrowsAsync<ArgumentException>("digest", () => MediaIntegrity.VerifyAsync(new MemoryStream(s_sample.Sealed), new byte[31]));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => MediaIntegrity.VerifyAsync(
            new MemoryStream(s_sample.Sealed), s_sample.Reference.Digest!.Value, new CancellationToken(true)));
    }

    private static Task<E2EError> RefusalOf(byte[] file) => RefusalOf(new MemoryStream(file));

    private static async Task<E2EError> RefusalOf(Stream file) => (await Assert.ThrowsAsync<E2EException>(
        () => MediaIntegrity.VerifyAsync(file, s_sample.Reference.Digest!.Value))).Reason;

    /// <summary>A header, and zeros up to any length, in no memory.</summary>
    private sealed class Zeros(byte[] header, long length) : MemoryStream
    {
        private long _position;

        public override long Length => length;

        public override long Position
        {
            get => _position;
            set => _position = value;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int taken = (int)Math.Min(buffer.Length, length - _position);
            buffer.Span[..taken].Clear();
            for (int i = 0; i < taken && _position + i < header.Length; i++)
            {
                buffer.Span[i] = header[_position + i];
            }

            _position += taken;
            return ValueTask.FromResult(taken);
        }
    }
}
