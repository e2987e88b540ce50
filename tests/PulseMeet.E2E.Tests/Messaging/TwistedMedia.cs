using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A media store whose answers a test changes, call by call.</summary>
internal sealed class TwistedMedia(IMediaStore inner) : IMediaStore
{
    /// <summary>How many parts were put.</summary>
    public int Parts { get; private set; }

    /// <summary>Is told of every part: of which file, where it begins, and its bytes.</summary>
    public Action<string, long, byte[]> Taken { get; set; } = (_, _, _) => { };

    public Func<Func<Task<long>>, Task<long>> Begin { get; set; } = call => call();

    /// <summary>Is given where the part begins.</summary>
    public Func<long, Func<Task<long>>, Task<long>> Put { get; set; } = (_, call) => call();

    public Func<Func<Task<long?>>, Task<long?>> Measure { get; set; } = call => call();

    public Func<Memory<byte>, Func<Task<int>>, Task<int>> Get { get; set; } = (_, call) => call();

    public Task<long> BeginPutAsync(ReadOnlyMemory<byte> mediaId, long length, CancellationToken cancellationToken = default) =>
        Begin(() => inner.BeginPutAsync(mediaId, length, cancellationToken));

    public Task<long> PutAsync(
        ReadOnlyMemory<byte> mediaId, long offset, ReadOnlyMemory<byte> part, CancellationToken cancellationToken = default)
    {
        Parts++;
        Taken(Convert.ToHexString(mediaId.Span), offset, part.ToArray());
        return Put(offset, () => inner.PutAsync(mediaId, offset, part, cancellationToken));
    }

    public Task<long?> GetLengthAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default) =>
        Measure(() => inner.GetLengthAsync(mediaId, cancellationToken));

    public Task<int> GetAsync(
        ReadOnlyMemory<byte> mediaId, long offset, Memory<byte> destination, CancellationToken cancellationToken = default) =>
        Get(destination, () => inner.GetAsync(mediaId, offset, destination, cancellationToken));

    public Task DeleteAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default) =>
        inner.DeleteAsync(mediaId, cancellationToken);
}
