using System.Buffers;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>The content of a sealed file as a read-only stream that can seek: a read touches the segments of its range alone, each
/// verified, so that a player can jump and an HTTP range request can be served.</summary>
/// <remarks>Opening verifies the header and then the final segment, before any byte is given out: where the file ends is
/// authentic from the start. Padding is verified in every segment that is read, and all of it before the content's last segment
/// is given out. Where the reference has a tree of digests (<see cref="MediaDigestKind.Tree"/>), each segment is held against its root, at the
/// price of a block of at most 8 KiB for each of at most five levels, once for 256 neighbours: whoever holds the key has no other bytes to
/// serve. A flat digest is not compared, as that would read the whole file. Keeps one segment and a block of each level in memory. Not
/// thread-safe, but it may be disposed during a read: that read throws <see cref="ObjectDisposedException"/>.</remarks>
public sealed class SealedMediaStream : Stream
{
    private readonly FloeState _state;
    private readonly FloeSegmentCipher _cipher;
    private readonly MediaLayout _layout;
    private readonly DigestTreeReader? _tree;
    private readonly Stream _source;
    private readonly byte[] _segment;
    private readonly byte[] _plaintext;
    private readonly long _start;
    private readonly SharedUse _use;
    private long _held = -1;
    private long _position;
    private bool _leaveOpen = true;
    private bool _paddingVerified;

    private SealedMediaStream(MediaReference reference, FloeState state, Stream source, long start)
    {
        Length = reference.Length;
        _state = state;
        _cipher = new FloeSegmentCipher(state);
        _layout = reference.Layout;
        _source = source;
        _start = start;
        int longest = _layout.SealedLengthOf(0);
        _segment = ArrayPool<byte>.Shared.Rent(longest);
        _plaintext = ArrayPool<byte>.Shared.Rent(longest - FloeParameters.SegmentOverhead);
        _tree = reference.DigestKind == MediaDigestKind.Tree
            ? new DigestTreeReader(_layout, reference.Digest!.Value.Span, state.Header, ReadAtAsync)
            : null;
        _use = new SharedUse(Release);
    }

    /// <summary>Length of the content, in bytes, without padding.</summary>
    public override long Length { get; }

    /// <inheritdoc/>
    public override bool CanRead => !_use.IsEnded;

    /// <inheritdoc/>
    public override bool CanSeek => !_use.IsEnded;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    /// <summary>Opens a sealed file for reading, synchronously.</summary>
    /// <param name="reference">Opens the file. Not disposed, and not needed afterwards.</param>
    /// <param name="source">The sealed file from its current position on; it can seek.</param>
    /// <param name="leaveOpen">Whether <paramref name="source"/> outlives this stream.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> cannot seek.</exception>
    /// <exception cref="E2EException">Too short (<see cref="E2EError.Truncated"/>), too long
    /// (<see cref="E2EError.InvalidEncoding"/>), another header, key, id or kind (<see cref="E2EError.WrongCommitment"/>), or the
    /// final segment or its digest does not verify (<see cref="E2EError.NotAuthentic"/>) or has padding that is not zeros
    /// (<see cref="E2EError.InvalidEncoding"/>). Reading throws the last two for a segment in its range.</exception>
    public static SealedMediaStream Open(MediaReference reference, Stream source, bool leaveOpen = false) =>
        OpenAsync(reference, source, sync: true, leaveOpen, CancellationToken.None).AsTask().GetAwaiter().GetResult();

    /// <summary>Opens a sealed file for reading.</summary>
    /// <inheritdoc cref="Open(MediaReference, Stream, bool)"/>
    public static ValueTask<SealedMediaStream> OpenAsync(
        MediaReference reference, Stream source, bool leaveOpen = false, CancellationToken cancellationToken = default) =>
        OpenAsync(reference, source, sync: false, leaveOpen, cancellationToken);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        using SharedUse.Hold use = _use.Begin(this);
        if (AtEnd(buffer.Length))
        {
            return 0;
        }

        // With a synchronous source the task is complete when it is returned.
        HoldAsync(SegmentAt(_position), sync: true, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return Take(buffer);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <inheritdoc/>
#pragma warning disable RS0027 // The base class has it so.
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
#pragma warning restore RS0027
    {
        using SharedUse.Hold use = _use.Begin(this);
        if (AtEnd(buffer.Length))
        {
            return 0;
        }

        await HoldAsync(SegmentAt(_position), sync: false, cancellationToken).ConfigureAwait(false);
        return Take(buffer.Span);
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => From(_position, offset),
        SeekOrigin.End => From(Length, offset),
        _ => throw new ArgumentOutOfRangeException(nameof(origin)),
    };

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _use.End() && !_leaveOpen)
        {
            // At once, and not when a pending read is done: for many sources this is what ends the read.
            _source.Dispose();
        }

        base.Dispose(disposing);
    }

    private static async ValueTask<SealedMediaStream> OpenAsync(
        MediaReference reference, Stream source, bool sync, bool leaveOpen, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(source);
        if (!source.CanSeek)
        {
            throw new ArgumentException("The stream must be able to seek.", nameof(source));
        }

        long start = source.Position;
        MediaVerification.CheckSealedLength(reference, source.Length - start);
        byte[] header = new byte[FloeParameters.HeaderSize];
        if (await new StreamEnd(source, sync).FillAsync(header, cancellationToken).ConfigureAwait(false) != header.Length)
        {
            throw new E2EException(E2EError.Truncated);
        }

        var opened = new SealedMediaStream(reference, MediaVerification.Start(reference, header), source, start);
        try
        {
            await opened.HoldAsync(reference.Layout.Segments - 1, sync, cancellationToken).ConfigureAwait(false);
            opened._leaveOpen = leaveOpen;
            return opened;
        }
        catch
        {
            await opened.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Called once, when no read uses the buffers any more: a pool's array that a read still writes would be
    /// somebody else's.</summary>
    private void Release()
    {
        _cipher.Dispose();
        _state.Dispose();
        _tree?.Dispose();
        SecretMemory.Zero(_plaintext);
        ArrayPool<byte>.Shared.Return(_plaintext);
        ArrayPool<byte>.Shared.Return(_segment);
    }

    /// <summary>A position beyond every number is none.</summary>
    private static long From(long begin, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, long.MaxValue - begin);
        return begin + offset;
    }

    private bool AtEnd(int wanted) => wanted == 0 || _position >= Length;

    private long SegmentAt(long position) => position / _layout.Parameters.PlaintextLength;

    private int Take(Span<byte> buffer)
    {
        long segmentStart = _held * _layout.Parameters.PlaintextLength;
        int from = (int)(_position - segmentStart);
        int held = (int)Math.Min(_layout.SealedLengthOf(_held) - FloeParameters.SegmentOverhead, Length - segmentStart);
        int taken = Math.Min(buffer.Length, held - from);
        _plaintext.AsSpan(from, taken).CopyTo(buffer);
        _position += taken;
        return taken;
    }

    /// <summary>Reads and verifies one segment, unless it is the one at hand; before the content's last one, all padding behind
    /// it, so that whoever reads a file to its end takes nothing that <see cref="MediaOpener"/> refuses.</summary>
    private async ValueTask HoldAsync(long position, bool sync, CancellationToken cancellationToken)
    {
        if (_held == position)
        {
            return;
        }

        _held = -1;
        if (!_paddingVerified && Length > 0 && position == SegmentAt(Length - 1))
        {
            for (long padding = position + 1; padding < _layout.Segments; padding++)
            {
                await VerifyAsync(padding, sync, cancellationToken).ConfigureAwait(false);
            }

            _paddingVerified = true;
        }

        await VerifyAsync(position, sync, cancellationToken).ConfigureAwait(false);
        _held = position;
    }

    private async ValueTask VerifyAsync(long position, bool sync, CancellationToken cancellationToken)
    {
        Memory<byte> segment = _segment.AsMemory(0, _layout.SealedLengthOf(position));
        await ReadAtAsync(_layout.OffsetOf(position), segment, sync, cancellationToken).ConfigureAwait(false);
        if (_tree is not null)
        {
            await _tree.LoadAsync(position, sync, cancellationToken).ConfigureAwait(false);
            _tree.Verify(position, segment.Span);
        }

        int length = segment.Length - FloeParameters.SegmentOverhead;
        _cipher.Open(segment.Span, position, _layout.IsFinal(position), _plaintext.AsSpan(0, length));
        long content = Math.Clamp(Length - (position * _layout.Parameters.PlaintextLength), 0, length);
        MediaVerification.CheckPadding(_plaintext.AsSpan((int)content, length - (int)content));
    }

    /// <summary>Fills a memory from an offset of the sealed file.</summary>
    private async ValueTask ReadAtAsync(long offset, Memory<byte> memory, bool sync, CancellationToken cancellationToken)
    {
        var source = new StreamEnd(_source, sync);
        source.Seek(_start + offset);
        int filled = await source.FillAsync(memory, cancellationToken).ConfigureAwait(false);
        ObjectDisposedException.ThrowIf(_use.IsEnded, this);
        if (filled != memory.Length)
        {
            throw new E2EException(E2EError.Truncated);
        }
    }
}
