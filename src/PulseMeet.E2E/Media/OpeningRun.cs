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
    private readonly IncrementalSha256? _flat;
    private FileDigest? _tree;
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
        _flat = options.VerifyDigest && reference.DigestKind == MediaDigestKind.Flat ? new IncrementalSha256() : null;
        HasTree = options.VerifyDigest && reference.DigestKind == MediaDigestKind.Tree;
        Layout = reference.Layout;
    }

    public MediaLayout Layout { get; }

    /// <summary>Whether there is a tree of digests, and it is verified.</summary>
    public bool HasTree { get; }

    public long NextPosition { get; set; }

    /// <summary>Reads a whole piece.</summary>
    public async ValueTask ReadAsync(Memory<byte> memory, CancellationToken cancellationToken)
    {
        if (await _source.FillAsync(memory, cancellationToken).ConfigureAwait(false) != memory.Length)
        {
            throw new E2EException(E2EError.Truncated);
        }

        _flat?.Append(memory.Span);
    }

    /// <summary>Behind the last piece: the end, and the digest of the whole file where that is the reference's.</summary>
    public async ValueTask ExpectEndAsync(CancellationToken cancellationToken)
    {
        if (await _source.FillAsync(new byte[1], cancellationToken).ConfigureAwait(false) != 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Bytes follow the sealed file.");
        }

        if (_flat is not null && !PublicBytes.Equal(_flat.Current(), _reference.Digest!.Value.Span))
        {
            throw new E2EException(E2EError.NotAuthentic, "The digest is another one.");
        }
    }

    /// <summary>Holds a segment, in its order, against the tree; before the last one is given out, the tree against the reference.</summary>
    public void Verify(ReadOnlySpan<byte> leaf, int length, ReadOnlySpan<byte> behind, bool isLast) =>
        _tree?.VerifyLeaf(leaf, length, behind, isLast, _reference.Digest!.Value.Span);

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
        await ReadAsync(header, cancellationToken).ConfigureAwait(false);
        using FloeState state = MediaVerification.Start(_reference, header);
        _tree = HasTree ? new FileDigest(header) : null;
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

    public void Dispose()
    {
        _flat?.Dispose();
        _tree?.Dispose();
    }
}

/// <summary>One worker of an <see cref="OpeningRun"/>: two buffers, a cipher and a hash; and the blocks behind its segment, where there are
/// any.</summary>
internal sealed class OpeningWorker(OpeningRun run, FloeState state) : ISegmentWorker
{
    private readonly FloeSegmentCipher _cipher = new(state);
    private readonly TreeHash? _hash = run.HasTree ? new TreeHash() : null;
    private readonly byte[] _leaf = new byte[run.HasTree ? TreeShape.DigestSize : 0];
    private readonly byte[] _segment = new byte[state.Parameters.SegmentLength];
    private readonly byte[] _plaintext = new byte[state.Parameters.PlaintextLength];
    private byte[] _blocks = [];
    private int _blocksLength;
    private long _position;
    private int _length;

    public bool IsLast { get; private set; }

    public async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        _position = run.NextPosition++;
        _length = run.Layout.SealedLengthOf(_position);
        IsLast = run.Layout.IsFinal(_position);
        await run.ReadAsync(_segment.AsMemory(0, _length), cancellationToken).ConfigureAwait(false);
        _blocksLength = run.Layout.LengthOfBlocksBehind(_position);
        if (_blocksLength > 0)
        {
            _blocks = _blocks.Length < _blocksLength ? new byte[_blocksLength] : _blocks;
            await run.ReadAsync(_blocks.AsMemory(0, _blocksLength), cancellationToken).ConfigureAwait(false);
        }

        if (IsLast)
        {
            await run.ExpectEndAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Transform()
    {
        ReadOnlySpan<byte> segment = _segment.AsSpan(0, _length);
        _hash?.Leaf(segment, _leaf);
        _cipher.Open(segment, _position, IsLast, _plaintext.AsSpan(0, _length - FloeParameters.SegmentOverhead));
    }

    public ValueTask WriteAsync(CancellationToken cancellationToken)
    {
        run.Verify(_leaf, _length, _blocks.AsSpan(0, _blocksLength), IsLast);
        return run.ReleaseAsync(_plaintext.AsMemory(0, _length - FloeParameters.SegmentOverhead), cancellationToken);
    }

    public void Dispose()
    {
        _hash?.Dispose();
        _cipher.Dispose();
        SecretMemory.Zero(_plaintext);
    }
}
