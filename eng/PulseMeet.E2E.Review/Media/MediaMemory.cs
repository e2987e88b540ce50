using System.Diagnostics;
using System.IO.Pipelines;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Review.Media;

/// <summary>Pipes gigabytes through sealing and opening at once, and measures what memory that takes.</summary>
internal sealed class MediaMemory : ISubcommand
{
    private const long Bound = 4L * 1024 * 1024;
    private const long Gibibyte = 1024L * 1024 * 1024;

    public string Name => "media-memory";

    public string Usage => "media-memory [GIB]      pipes 8 GiB (or GIB) through sealing and opening, with a digest; at most 4 MiB of live memory";

    public int Run(string[] args)
    {
        long length = (args.Length > 0 ? long.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 8) * Gibibyte;
        Pass(64 * 1024 * 1024, _ => { }).GetAwaiter().GetResult();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
        long peak = 0;
        var watch = Stopwatch.StartNew();
        Pass(length, done =>
        {
            // Live memory, twice in each gibibyte.
            if (done / (Gibibyte / 2) != (done - MediaSealingOptions.DefaultSegmentLength) / (Gibibyte / 2))
            {
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }).GetAwaiter().GetResult();
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;
        long segments = length / MediaSealingOptions.DefaultSegmentLength;
        Console.WriteLine($"{length / (double)Gibibyte:0.##} GiB sealed and opened through a pipe in {watch.Elapsed.TotalSeconds:0.0} s");
        Console.WriteLine($"live memory at its highest: {peak / 1024.0:0} KiB over the start (bound 4,096 KiB)");
        Console.WriteLine($"allocated in all: {allocated / 1024.0:0} KiB, {allocated / (double)segments:0} bytes a segment, "
            + "the pipe and its tasks included");
        return peak <= Bound ? ExitCode.Passed : ExitCode.Failed;
    }

    private static MediaReference Reference(
        MediaDescription description, MediaKey key, int segmentLength, MediaLayout layout, FloeState seal)
    {
        using SecretScope secret = key.Use();
        return new MediaReference(
            description,
            secret.Span,
            segmentLength,
            layout.PlaintextLength,
            layout.SealedLength,
            seal.HeaderTag,
            new MediaDigest(MediaDigestKind.Tree, new byte[MediaReference.DigestSize]));
    }

    private static async Task Pass(long length, Action<long> measure)
    {
        using MediaKey key = MediaKey.Generate();
        var description = new MediaDescription("memory", MediaKind.File);
        MediaSealingOptions options = MediaSealingOptions.Default;
        using FloeState seal = MediaSealer.Start(key, description, options);
        MediaLayout layout = MediaLayout.OfPlaintext(options.Parameters, length, hasTree: true);
        var pipe = new Pipe();

        // The opener needs the commitment before sealing ends, so both ends share one state. The root is known only when sealing ends: with
        // another one in the reference the whole file is opened and hashed, and the last segment is refused.
        using MediaReference reference = Reference(description, key, options.SegmentLength, layout, seal);
        Task opening = Task.Run(async () =>
        {
            Stream source = pipe.Reader.AsStream();
            long opened = 0;
            var progress = new Direct(done =>
            {
                opened = done;
                measure(done);
            });
            try
            {
                await MediaOpener.OpenStreamAsync(reference, source, Stream.Null, progress: progress);
            }
            catch (E2EException refusal) when (refusal.Reason == E2EError.NotAuthentic)
            {
                if (opened != (layout.Segments - 1) * layout.Parameters.PlaintextLength)
                {
                    throw;
                }

                return;
            }

            throw new InvalidOperationException("A root of zeros was taken.");
        });
        using Stream sealedFile = pipe.Writer.AsStream();
        var reader = new PlaintextReader(new StreamEnd(new Zeros(length), sync: false), MediaPadding.None);
        using (var run = new SealingRun(seal, reader, new StreamEnd(sealedFile, sync: false), options, progress: null))
        {
            await run.WriteHeaderAsync(CancellationToken.None);
            await run.RunAsync(CancellationToken.None);
        }

        await pipe.Writer.CompleteAsync();
        await opening;
    }

    private sealed class Direct(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }

    private sealed class Zeros(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int taken = (int)Math.Min(buffer.Length, _left);
            buffer[..taken].Clear();
            _left -= taken;
            return taken;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Read(buffer.Span));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
