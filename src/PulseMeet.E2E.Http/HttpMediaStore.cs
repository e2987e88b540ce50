using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Http;

/// <summary>The relay's media store over HTTP, for one user: docs/protocol-http.md, "Media".</summary>
/// <remarks>As for <see cref="HttpRelay"/>. Parts longer than <see cref="RelayLimits.MaxRequestSize"/> are refused; a range of any
/// length is read in several calls. Thread-safe.</remarks>
public sealed class HttpMediaStore : IMediaStore
{
    private readonly RelayTransport _transport;

    /// <param name="client">Calls the server, with the app's own handlers. Not disposed.</param>
    /// <param name="address">Where the relay is mapped, such as <c>https://chat.example/e2e</c>.</param>
    /// <param name="options">Authentication, timeouts and attempts.</param>
    /// <param name="time">The clock of timeouts and pauses.</param>
    /// <exception cref="ArgumentException">The address is not absolute, not of HTTP, or has a query; or an option is outside its
    /// range.</exception>
    public HttpMediaStore(HttpClient client, Uri address, HttpRelayOptions options, TimeProvider time) =>
        _transport = new(client, address, options, time);

    /// <inheritdoc/>
    public async Task<long> BeginPutAsync(ReadOnlyMemory<byte> mediaId, long length, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        byte[] body = RelayWire.Write(writer =>
        {
            writer.Bytes(mediaId);
            writer.Int64(length);
        });
        return Durable(await _transport.CallAsync(RelayPaths.BeginMedia, body, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<long> PutAsync(
        ReadOnlyMemory<byte> mediaId, long offset, ReadOnlyMemory<byte> part, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        RelayRequest.IsWithin(part.Length, RelayLimits.MaxRequestSize);
        byte[] body = RelayWire.Write(writer =>
        {
            writer.Bytes(mediaId);
            writer.Int64(offset);
            writer.Bytes(part);
        });
        return Durable(await _transport.CallAsync(RelayPaths.PutMedia, body, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<long?> GetLengthAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        byte[]? answer = await _transport.CallAsync(RelayPaths.MediaLength, mediaId, cancellationToken).ConfigureAwait(false);
        return answer is null ? null : Durable(answer);
    }

    /// <inheritdoc/>
    public async Task<int> GetAsync(
        ReadOnlyMemory<byte> mediaId, long offset, Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        int read = 0;
        while (true)
        {
            int wanted = Math.Min(destination.Length - read, RelayLimits.MaxRequestSize);
            byte[] body = RelayWire.Write(writer =>
            {
                writer.Bytes(mediaId);
                writer.Int64(offset + read);
                writer.UInt32(wanted);
            });
            byte[]? part = await _transport.CallAsync(RelayPaths.GetMedia, body, cancellationToken).ConfigureAwait(false);
            if (part is null || part.Length > wanted)
            {
                throw new E2EException(E2EError.RelayUnavailable, "The answer does not have the documented form.");
            }

            part.CopyTo(destination[read..]);
            read += part.Length;
            if (part.Length < wanted || read == destination.Length)
            {
                return read;
            }
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        return _transport.CallAsync(RelayPaths.DeleteMedia, mediaId, cancellationToken);
    }

    /// <summary>A number of bytes, which is not below zero.</summary>
    private static long Durable(byte[]? answer) => RelayTransport.Read(answer, static (ref WireReader reader) =>
        reader.Int64() is >= 0 and long durable ? durable : throw new E2EException(E2EError.InvalidEncoding, "A length below zero."));
}
