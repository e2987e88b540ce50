using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>The opening of one file from a stream to a stream: what its workers share. The layout comes from the reference, so that
/// the file itself cannot say where it ends.</summary>
internal sealed class OpeningRun : IDisposable
{
    private readonly MediaReference _reference;
    private readonly StreamEnd _source;
    private readonly StreamEnd _destination;
    private readonly IProgress<long>? _progress;
    private readonly IncrementalSha256? _digest;
    private long _released;

    public OpeningRun(
        MediaReference reference,
        StreamEnd source,
        StreamEnd destination,
        MediaOpeningOptions options,
        IProgress<long>? progress)
    {
        _reference = reference;
        _source = source;
        _destination = destination;
        _progress = progress;
        _digest = options.VerifyDigest && reference.Digest is not null ? new IncrementalSha256() : null;
        Layout = reference.Layout;
    }

    public FloeLayout Layout { get; }

    public long NextPosition { get; set; }

    /// <summary>Reads a whole piece, and after the last one expects the end and the digest.</summary>
    public async ValueTask ReadAsync(Memory<byte> memory, bool isLast, CancellationToken cancellationToken)
    {
        if (await _source.FillAsync(memory, cancellationToken).ConfigureAwait(false) != memory.Length)
        {
            throw new E2EException(E2EError.Truncated);
        }

        _digest?.Append(memory.Span);
        if (!isLast)
        {
            return;
        }

        if (await _source.FillAsync(new byte[1], cancellationToken).ConfigureAwait(false) != 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Bytes follow the final segment.");
        }

        if (_digest is not null && !PublicBytes.Equal(_digest.Current(), _reference.Digest!.Value.Span))
        {
            throw new E2EException(E2EError.NotAuthentic, "The digest is another one.");
        }
    }

    /// <summary>Hands on what belongs to the file; what follows has to be padding.</summary>
    public async ValueTask ReleaseAsync(ReadOnlyMemory<byte> plaintext, CancellationToken cancellationToken)
    {
        int content = (int)Math.Min(plaintext.Length, _reference.Length - _released);
        MediaVerification.CheckPadding(plaintext.Span[content..]);
        await _destination.WriteAsync(plaintext[..content], cancellationToken).ConfigureAwait(false);
        _released += content;
        _progress?.Report(_released);
    }

    public async ValueTask RunAsync(MediaOpeningOptions options, CancellationToken cancellationToken)
    {
        byte[] header = new byte[FloeParameters.HeaderSize];
        await ReadAsync(header, isLast: false, cancellationToken).ConfigureAwait(false);
        using FloeState state = MediaVerification.Start(_reference, header);
        ISegmentWorker[] workers = SegmentBatch.Workers(
            options.Workers, state.Parameters.SegmentLength, () => new OpeningWorker(this, state));

        try
        {
            await WorkerRun.RunAsync(workers, _source.IsSync, cancellationToken).ConfigureAwait(false);
            await _destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (ISegmentWorker worker in workers)
            {
                worker.Dispose();
            }
        }
    }

    public void Dispose() => _digest?.Dispose();
}

/// <summary>One worker of an <see cref="OpeningRun"/>: two buffers and a cipher.</summary>
internal sealed class OpeningWorker(OpeningRun run, FloeState state) : ISegmentWorker
{
    private readonly FloeSegmentCipher _cipher = new(state);
    private readonly byte[] _segment = new byte[state.Parameters.SegmentLength];
    private readonly byte[] _plaintext = new byte[state.Parameters.PlaintextLength];
    private long _position;
    private int _length;

    public bool IsLast { get; private set; }

    public ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        _position = run.NextPosition++;
        _length = run.Layout.SealedLengthOf(_position);
        IsLast = run.Layout.IsFinal(_position);
        return run.ReadAsync(_segment.AsMemory(0, _length), IsLast, cancellationToken);
    }

    public void Transform() => _cipher.Open(
        _segment.AsSpan(0, _length), _position, IsLast, _plaintext.AsSpan(0, _length - FloeParameters.SegmentOverhead));

    public ValueTask WriteAsync(CancellationToken cancellationToken) =>
        run.ReleaseAsync(_plaintext.AsMemory(0, _length - FloeParameters.SegmentOverhead), cancellationToken);

    public void Dispose()
    {
        _cipher.Dispose();
        SecretMemory.Zero(_plaintext);
    }
}
