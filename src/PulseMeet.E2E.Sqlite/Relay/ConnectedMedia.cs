using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>The media store for one user.</summary>
internal sealed class ConnectedMedia(string userId, RelayFile file, long quota, TimeProvider time) : IMediaStore
{
    public Task<long> BeginPutAsync(ReadOnlyMemory<byte> mediaId, long length, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        return file.RunAsync(write => Media.Begin(write, userId, mediaId, length, quota, time.GetUtcNow()), cancellationToken);
    }

    public Task<long> PutAsync(
        ReadOnlyMemory<byte> mediaId, long offset, ReadOnlyMemory<byte> part, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        RelayRequest.IsWithin(part.Length, RelayLimits.MaxRequestSize);
        return file.RunAsync(
            write => Media.Append(write, Media.FindOwn(write, userId, mediaId, time.GetUtcNow()) ?? throw new E2EException(E2EError.UnknownMedia), offset, part),
            cancellationToken);
    }

    public Task<long?> GetLengthAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        return file.RunAsync(read => Media.Find(read, mediaId, time.GetUtcNow()) is { IsWhole: true } upload ? upload.Length : (long?)null, cancellationToken);
    }

    public Task<int> GetAsync(
        ReadOnlyMemory<byte> mediaId, long offset, Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return file.RunAsync(
            read => Media.Find(read, mediaId, time.GetUtcNow()) is { IsWhole: true } upload
                ? Media.Read(read, upload, offset, destination)
                : throw new E2EException(E2EError.UnknownMedia),
            cancellationToken);
    }

    public Task DeleteAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        return file.RunAsync(
            write => Media.FindOwn(write, userId, mediaId, time.GetUtcNow()) is { } upload && Media.Delete(write, upload.Number), cancellationToken);
    }
}
