using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>The sealing of one file from a stream to a stream: what its workers share.</summary>
internal sealed class SealingRun : IDisposable
{
    private readonly IProgress<long>? _progress;
    private long _processed;

    public SealingRun(
        FloeState state,
        PlaintextReader source,
        StreamEnd destination,
        MediaSealingOptions options,
        IProgress<long>? progress)
    {
        State = state;
        Source = source;
        Destination = destination;
        Options = options;
        _progress = progress;
        Digest = options.WithDigest ? new IncrementalSha256() : null;
    }

    public FloeState State { get; }

    public PlaintextReader Source { get; }

    public StreamEnd Destination { get; }

    public MediaSealingOptions Options { get; }

    public IncrementalSha256? Digest { get; }

    /// <summary>Where the nonces come from; random where null.</summary>
    public SegmentNonces? Nonces { get; init; }

    /// <summary>The position of the segment that is read next.</summary>
    public long NextPosition { get; set; }

    /// <summary>How much was written, in bytes.</summary>
    public long SealedLength { get; private set; }

    /// <summary>Called after each segment, in order; the resumable form makes its checkpoints here.</summary>
    public Func<CancellationToken, ValueTask>? AfterSegment { get; init; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await Destination.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        Account(bytes.Span);
    }

    /// <summary>Counts bytes that are written: also those that an interrupted run had written.</summary>
    public void Account(ReadOnlySpan<byte> written)
    {
        Digest?.Append(written);
        SealedLength += written.Length;
    }

    public void Report(int plaintextBytes)
    {
        _processed += plaintextBytes;
        _progress?.Report(Math.Min(_processed, Source.ContentLength));
    }

    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        ISegmentWorker[] workers = SegmentBatch.Workers(Options.Workers, Options.SegmentLength, () => new SealingWorker(this));

        try
        {
            await WorkerRun.RunAsync(workers, Destination.IsSync, cancellationToken).ConfigureAwait(false);
            await Destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (ISegmentWorker worker in workers)
            {
                worker.Dispose();
            }
        }
    }

    public MediaReference ToReference(MediaDescription description, MediaKey key)
    {
        using SecretScope secret = key.Use();
        return new(
            description,
            secret.Span,
            Options.SegmentLength,
            Source.ContentLength,
            SealedLength,
            State.HeaderTag,
            Digest?.Current());
    }

    public void Dispose() => Digest?.Dispose();
}

/// <summary>One worker of a <see cref="SealingRun"/>: two buffers and a cipher.</summary>
internal sealed class SealingWorker(SealingRun run) : ISegmentWorker
{
    private readonly FloeSegmentCipher _cipher = new(run.State, run.Nonces);
    private readonly byte[] _plaintext = new byte[run.State.Parameters.PlaintextLength];
    private readonly byte[] _segment = new byte[run.State.Parameters.SegmentLength];
    private long _position;
    private int _count;

    public bool IsLast { get; private set; }

    public async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        (_count, IsLast) = await run.Source.ReadSegmentAsync(_plaintext, cancellationToken).ConfigureAwait(false);
        _position = run.NextPosition++;
    }

    public void Transform() => _cipher.Seal(
        _plaintext.AsSpan(0, _count), _position, IsLast, _segment.AsSpan(0, _count + FloeParameters.SegmentOverhead));

    public async ValueTask WriteAsync(CancellationToken cancellationToken)
    {
        await run.WriteAsync(_segment.AsMemory(0, _count + FloeParameters.SegmentOverhead), cancellationToken)
            .ConfigureAwait(false);
        run.Report(_count);
        if (run.AfterSegment is not null && !IsLast)
        {
            await run.AfterSegment(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _cipher.Dispose();
        SecretMemory.Zero(_plaintext);
    }
}
