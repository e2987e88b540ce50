using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>The sealing of one file from a stream to a stream: what its workers share.</summary>
internal sealed class SealingRun : IDisposable
{
    private readonly IProgress<long>? _progress;
    private long _processed;
    private byte[]? _root;

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
        Digest = options.WithDigest ? new FileDigest(state.Header) : null;
    }

    public FloeState State { get; }

    public PlaintextReader Source { get; }

    public StreamEnd Destination { get; }

    public MediaSealingOptions Options { get; }

    public FileDigest? Digest { get; }

    /// <summary>Where the nonces come from; random where null.</summary>
    public SegmentNonces? Nonces { get; init; }

    /// <summary>The position of the segment that is read next.</summary>
    public long NextPosition { get; set; }

    /// <summary>How much was written, in bytes.</summary>
    public long SealedLength { get; private set; }

    /// <summary>Called after each segment, in order; the resumable form makes its checkpoints here.</summary>
    public Func<CancellationToken, ValueTask>? AfterSegment { get; init; }

    public async ValueTask WriteHeaderAsync(CancellationToken cancellationToken)
    {
        await Destination.WriteAsync(State.Header.ToArray(), cancellationToken).ConfigureAwait(false);
        AccountHeader();
    }

    /// <summary>Counts the header, written now or by an interrupted run.</summary>
    public void AccountHeader() => SealedLength += FloeParameters.HeaderSize;

    /// <summary>Writes a segment and the blocks behind it.</summary>
    /// <param name="segment">As it is sealed.</param>
    /// <param name="leaf">Its digest, where there is a tree.</param>
    /// <param name="isLast">Whether the file ends with it.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    public async ValueTask WriteAsync(
        ReadOnlyMemory<byte> segment, ReadOnlyMemory<byte> leaf, bool isLast, CancellationToken cancellationToken)
    {
        await Destination.WriteAsync(segment, cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> blocks = Account(segment.Length, leaf.Span, isLast);
        if (blocks.Length > 0)
        {
            await Destination.WriteAsync(blocks, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Counts a segment that is written, also one that an interrupted run had written.</summary>
    /// <returns>The blocks that stand behind it.</returns>
    public ReadOnlyMemory<byte> Account(int length, ReadOnlySpan<byte> leaf, bool isLast)
    {
        ReadOnlyMemory<byte> blocks = Digest is null ? default : Digest.Add(leaf, length, isLast, out _root);
        SealedLength += length + blocks.Length;
        return blocks;
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
            _root is null ? null : new MediaDigest(MediaDigestKind.Tree, _root));
    }

    public void Dispose() => Digest?.Dispose();
}

/// <summary>One worker of a <see cref="SealingRun"/>: two buffers, a cipher and a hash.</summary>
internal sealed class SealingWorker(SealingRun run) : ISegmentWorker
{
    private readonly FloeSegmentCipher _cipher = new(run.State, run.Nonces);
    private readonly TreeHash? _hash = run.Digest is null ? null : new TreeHash();
    private readonly byte[] _leaf = new byte[run.Digest is null ? 0 : TreeShape.DigestSize];
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

    public void Transform()
    {
        Span<byte> segment = _segment.AsSpan(0, _count + FloeParameters.SegmentOverhead);
        _cipher.Seal(_plaintext.AsSpan(0, _count), _position, IsLast, segment);
        _hash?.Leaf(segment, _leaf);
    }

    public async ValueTask WriteAsync(CancellationToken cancellationToken)
    {
        await run.WriteAsync(_segment.AsMemory(0, _count + FloeParameters.SegmentOverhead), _leaf, IsLast, cancellationToken)
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
        _hash?.Dispose();
        SecretMemory.Zero(_plaintext);
    }
}
