using System.IO.Pipelines;
using FsCheck.Xunit;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>Every form seals what every other form opens.</summary>
public sealed class MediaStreams
{
    private const int P = Sample.PlaintextLength;

    public static TheoryData<int> Lengths => [0, 1, P - 1, P, P + 1, (2 * P) - 1, 2 * P, (5 * P) + 7];

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task Spans_streams_and_pipes_open_what_the_others_sealed(int length)
    {
        byte[] content = Sample.Bytes(length);
        foreach (MediaPadding padding in new[] { MediaPadding.None, MediaPadding.Padme })
        {
            foreach (int workers in new[] { 1, 2, 3 })
            {
                foreach (bool withDigest in new[] { true, false })
                {
                    MediaSealingOptions options = Sample.Options with { Padding = padding, Workers = workers, WithDigest = withDigest };
                    await foreach ((byte[] file, MediaReference reference) in SealInEveryForm(content, options))
                    {
                        Assert.Equal(MediaSealer.GetSealedLength(length, options), file.Length);
                        Assert.Equal(file.Length, reference.SealedLength);
                        await OpensInEveryForm(reference, file, content, workers);
                        reference.Dispose();
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(255, 1)]
    [InlineData(256, 2)]
    [InlineData(257, 3)]
    [InlineData(512, 2)]
    [InlineData(513, 1)]
    public async Task Files_of_whole_and_begun_groups_of_segments_open_in_every_form(int segments, int workers)
    {
        byte[] content = Sample.Bytes(((segments - 1) * P) + 9);
        MediaSealingOptions options = Sample.Options with { Workers = workers };
        await foreach ((byte[] file, MediaReference reference) in SealInEveryForm(content, options))
        {
            Assert.Equal(MediaSealer.GetSealedLength(content.Length, options), file.Length);
            await OpensInEveryForm(reference, file, content, workers);
            reference.Dispose();
        }
    }

    [Property(MaxTest = 60)]
    public bool Any_content_of_any_length_survives(ushort length, byte workers)
    {
        byte[] content = Sample.Bytes(length);
        MediaSealingOptions options = Sample.Options with { Workers = 1 + (workers % 4) };
        using MediaKey key = MediaKey.Generate();
        var file = new MemoryStream();
        using MediaReference reference = MediaSealer.SealStream(new Trickle(content), file, key, Sample.Description, options);
        var opened = new MemoryStream();
        MediaOpener.OpenStream(reference, new Trickle(file.ToArray(), 977), opened, new() { Workers = 1 + (workers % 3) });
        return opened.ToArray().AsSpan().SequenceEqual(content);
    }

    [Fact]
    public void A_file_of_one_length_never_seals_to_the_same_bytes_twice()
    {
        using MediaKey key = MediaKey.Generate();
        byte[] first = Sample.Of(5000, key: key).Sealed;
        byte[] second = Sample.Of(5000, key: key).Sealed;
        Assert.NotEqual(first[10..42], second[10..42]);
        Assert.NotEqual(first[78..90], second[78..90]);
    }

    [Fact]
    public void A_key_derived_for_the_media_id_opens_the_file()
    {
        var service = new KeyDerivationService(new KeyDerivationOptions(), TimeProvider.System);
        using MediaKey conversation = MediaKey.Generate();
        using MediaKey own = service.DeriveMediaFileKey(conversation, "media-1");
        using MediaKey peers = service.DeriveMediaFileKey(conversation, "media-1");
        Sample sample = Sample.Of(5000, key: own);
        Assert.True(sample.Reference.Key.FixedTimeEquals(peers));
        Assert.Equal(sample.Content, sample.Open(sample.Sealed));
    }

    [Fact]
    public void Progress_counts_the_bytes_of_the_content()
    {
        var sealedSoFar = new Reports();
        using MediaKey key = MediaKey.Generate();
        var file = new MemoryStream();
        using MediaReference reference = MediaSealer.SealStream(
            new MemoryStream(Sample.Bytes((2 * P) + 5)),
            file,
            key,
            Sample.Description,
            Sample.Options with { Padding = MediaPadding.Padme },
            sealedSoFar);
        Assert.Equal((2 * P) + 5, sealedSoFar.Values[^1]);
        Assert.Equal([P, 2 * P], sealedSoFar.Values[..2]);

        var openedSoFar = new Reports();
        file.Position = 0;
        MediaOpener.OpenStream(reference, file, Stream.Null, progress: openedSoFar);
        Assert.Equal((2 * P) + 5, openedSoFar.Values[^1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Cancelling_stops_between_segments(int workers)
    {
        using var cancel = new CancellationTokenSource();
        var reports = new Reports { Then = count => cancel.Cancel() };
        using MediaKey key = MediaKey.Generate();
        MediaSealingOptions options = Sample.Options with { Workers = workers };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await MediaSealer.SealStreamAsync(
            new MemoryStream(Sample.Bytes(50 * P)), new MemoryStream(), key, Sample.Description, options, reports, cancel.Token));
        Assert.InRange(reports.Values.Count, 1, 1 + workers);

        Sample sample = Sample.OfThreeSegments();
        Assert.ThrowsAny<OperationCanceledException>(() => MediaOpener.OpenStream(
            sample.Reference, new MemoryStream(sample.Sealed), Stream.Null, cancellationToken: new CancellationToken(true)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_fault_of_the_source_reaches_the_caller_as_it_is(int workers)
    {
        using MediaKey key = MediaKey.Generate();
        var broken = new Broken(Sample.Bytes(20 * P), failAt: 10 * P);
        Assert.Throws<IOException>(() => MediaSealer.SealStream(
            broken, Stream.Null, key, Sample.Description, Sample.Options with { Workers = workers }));
    }

    [Fact]
    public void Options_outside_their_range_are_the_callers_mistake()
    {
        using MediaKey key = MediaKey.Generate();
        foreach (MediaSealingOptions options in new MediaSealingOptions[]
        {
            new() { SegmentLength = 4095 }, new() { SegmentLength = (1024 * 1024) + 1 }, new() { Workers = 0 }, new() { Workers = 65 },
            new() { Padding = (MediaPadding)9 },
        })
        {
            Assert.ThrowsAny<ArgumentException>(() => MediaSealer.SealStream(
                Stream.Null, Stream.Null, key, Sample.Description, options));
        }

        Assert.ThrowsAny<ArgumentException>(() => new MediaDescription(string.Empty, MediaKind.File));
        Assert.ThrowsAny<ArgumentException>(() => new MediaDescription("id", (MediaKind)5));
        Assert.Throws<ArgumentException>("destination", () => MediaSealer.Seal([], new byte[105], key, Sample.Description));
        Assert.Throws<ArgumentException>("destination", () => MediaSealer.SealMemory(default, new byte[107], key, Sample.Description));
        Sample sample = Sample.Of(10);
        Assert.Throws<ArgumentException>("content", () => MediaOpener.Open(sample.Reference, sample.Sealed, new byte[9]));
        Assert.Throws<ArgumentException>("content", () => MediaOpener.OpenMemory(sample.Reference, sample.Sealed, new byte[11]));
    }

    [Property(MaxTest = 500)]
    public bool Padding_adds_at_most_an_eighth_and_never_shortens(uint length)
    {
        long padded = MediaPadding.Padme.Pad(length);
        return padded >= length && padded <= length + (length / 8.0) + 1;
    }

    private static async IAsyncEnumerable<(byte[] File, MediaReference Reference)> SealInEveryForm(
        byte[] content, MediaSealingOptions options)
    {
        using MediaKey key = MediaKey.Generate();
        byte[] span = new byte[MediaSealer.GetSealedLength(content.Length, options)];
        yield return (span, MediaSealer.Seal(content, span, key, Sample.Description, options));

        byte[] memory = new byte[span.Length];
        yield return (memory, MediaSealer.SealMemory(content, memory, key, Sample.Description, options));

        var sync = new MemoryStream();
        yield return (Flush(MediaSealer.SealStream(new Trickle(content), sync, key, Sample.Description, options), sync, out var r), r);

        var async = new MemoryStream();
        MediaReference reference = await MediaSealer.SealStreamAsync(new Trickle(content), async, key, Sample.Description, options);
        yield return (async.ToArray(), reference);

        var pipe = new Pipe();
        ValueTask<MediaReference> sealing = MediaSealer.SealPipeAsync(
            PipeReader.Create(new MemoryStream(content)), pipe.Writer, key, Sample.Description, options);
        var piped = new MemoryStream();
        Task copying = pipe.Reader.CopyToAsync(piped);
        reference = await sealing;
        await pipe.Writer.CompleteAsync();
        await copying;
        yield return (piped.ToArray(), reference);
    }

    private static byte[] Flush(MediaReference sealedAs, MemoryStream stream, out MediaReference reference)
    {
        reference = sealedAs;
        return stream.ToArray();
    }

    private static async Task OpensInEveryForm(MediaReference reference, byte[] file, byte[] content, int workers)
    {
        var options = new MediaOpeningOptions { Workers = workers };
        byte[] span = new byte[content.Length];
        MediaOpener.Open(reference, file, span, options);
        Assert.Equal(content, span);

        span.AsSpan().Clear();
        MediaOpener.OpenMemory(reference, file, span, options);
        Assert.Equal(content, span);

        var sync = new MemoryStream();
        MediaOpener.OpenStream(reference, new Trickle(file), sync, options);
        Assert.Equal(content, sync.ToArray());

        var async = new MemoryStream();
        await MediaOpener.OpenStreamAsync(reference, new MemoryStream(file), async, options);
        Assert.Equal(content, async.ToArray());

        var piped = new MemoryStream();
        PipeWriter writer = PipeWriter.Create(piped, new StreamPipeWriterOptions(leaveOpen: true));
        await MediaOpener.OpenPipeAsync(reference, PipeReader.Create(new MemoryStream(file)), writer, options);
        await writer.CompleteAsync();
        Assert.Equal(content, piped.ToArray());

        using SealedMediaStream ranges = SealedMediaStream.Open(reference, new MemoryStream(file));
        byte[] read = new byte[content.Length];
        ranges.ReadExactly(read);
        Assert.Equal(content, read);
        Assert.Equal(-1, ranges.ReadByte());
    }

    private sealed class Reports : IProgress<long>
    {
        public List<long> Values { get; } = [];

        public Action<long>? Then { get; init; }

        public void Report(long value)
        {
            Values.Add(value);
            Then?.Invoke(value);
        }
    }

    private sealed class Broken(byte[] bytes, int failAt) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) =>
            Position >= failAt ? throw new IOException("The disk is gone.") : base.Read(buffer[..Math.Min(buffer.Length, 1000)]);

        public override int Read(byte[] buffer, int offset, int count) =>
            Position >= failAt ? throw new IOException("The disk is gone.") : base.Read(buffer, offset, Math.Min(count, 1000));
    }
}
