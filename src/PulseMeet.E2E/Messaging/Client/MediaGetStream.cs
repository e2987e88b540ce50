using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>Reads a sealed file out of a media store, anywhere.</summary>
internal sealed class MediaGetStream(IMediaStore store, byte[] id, long length) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= length || buffer.Length == 0)
        {
            return 0;
        }

        int wanted = (int)Math.Min(Math.Min(buffer.Length, length - _position), RelayLimits.MaxRequestSize);
        int read = await store.GetAsync(id, _position, buffer[..wanted], cancellationToken).ConfigureAwait(false);
        if (read < 0 || read > wanted)
        {
            throw new E2EException(E2EError.InvalidEncoding, "The media store gave more than was asked for.");
        }

        _position += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
