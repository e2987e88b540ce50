using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>Writes into a media store, from front to back, in large parts; what is there already is left out.</summary>
/// <param name="store">The media store.</param>
/// <param name="id">The file.</param>
/// <param name="length">How long the file is, in bytes.</param>
/// <param name="there">How many bytes of the file are there.</param>
/// <param name="progress">Gets how many bytes are durable there.</param>
internal sealed class MediaPutStream(IMediaStore store, byte[] id, long length, long there, IProgress<long>? progress) : Stream
{
    private const int PartSize = 1024 * 1024;

    private readonly byte[] _part = new byte[PartSize];
    private int _filled;
    private long _there = there;
    private long _stored;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    /// <summary>How many bytes were written.</summary>
    public override long Position
    {
        get => _stored + _filled;
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            int taken = Math.Min(buffer.Length, PartSize - _filled);
            buffer[..taken].CopyTo(_part.AsMemory(_filled));
            _filled += taken;
            buffer = buffer[taken..];
            if (_filled == PartSize)
            {
                await FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        long target = _stored + _filled;
        long begun = _stored;
        _stored = Math.Min(target, Math.Max(begun, _there));
        while (_stored < target)
        {
            // The store says where to go on: an answer that was lost costs no byte twice, and another call may be ahead with the same bytes.
            long durable = await store
                .PutAsync(id, _stored, _part.AsMemory((int)(_stored - begun), (int)(target - _stored)), cancellationToken).ConfigureAwait(false);
            if (durable <= _stored || durable > length)
            {
                throw new E2EException(E2EError.RelayUnavailable, "The media store takes nothing, or has more than there is.");
            }

            _there = durable;
            _stored = Math.Min(target, durable);
        }

        _filled = 0;
        progress?.Report(_stored);
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronously.");
}
