namespace PulseMeet.E2E.Relay;

/// <summary>Where sealed media files lie: the app's own storage, or the relay's. It sees ciphertext only.</summary>
/// <remarks>Thread-safe. Errors as for <see cref="IE2ERelay"/>.</remarks>
public interface IMediaStore
{
    /// <summary>Begins an upload, or tells how much of one is there already.</summary>
    /// <param name="mediaId">16 random bytes that the sender chose.</param>
    /// <param name="length">The length of the sealed file, in bytes; 1 or more.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>How many bytes are durable: where the upload goes on.</returns>
    /// <exception cref="E2EException">Over the quota (<see cref="E2EError.LimitExceeded"/>), or begun with another length
    /// (<see cref="E2EError.ContentChanged"/>) or by somebody else (<see cref="E2EError.NotAllowed"/>).</exception>
    Task<long> BeginPutAsync(ReadOnlyMemory<byte> mediaId, long length, CancellationToken cancellationToken = default);

    /// <summary>Appends to an upload at exactly the offset that is durable.</summary>
    /// <param name="mediaId">The upload.</param>
    /// <param name="offset">The number of bytes that are there.</param>
    /// <param name="part">The next bytes; at most <see cref="RelayLimits.MaxRequestSize"/>.</param>
    /// <param name="cancellationToken">Stops waiting; some bytes may be durable.</param>
    /// <returns>How many bytes are durable now; the file can be read once that is its length.</returns>
    Task<long> PutAsync(
        ReadOnlyMemory<byte> mediaId, long offset, ReadOnlyMemory<byte> part, CancellationToken cancellationToken = default);

    /// <summary>The length of a whole file, in bytes; null where there is none, or it is not whole yet.</summary>
    /// <param name="mediaId">The file.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<long?> GetLengthAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default);

    /// <summary>Reads a range of a whole file.</summary>
    /// <param name="mediaId">The file.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="destination">Where the bytes go.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>How many bytes were read: fewer than asked for only at the end of the file.</returns>
    /// <exception cref="E2EException">There is no such file (<see cref="E2EError.UnknownMedia"/>).</exception>
    Task<int> GetAsync(
        ReadOnlyMemory<byte> mediaId, long offset, Memory<byte> destination, CancellationToken cancellationToken = default);

    /// <summary>Deletes a file that the caller has put; no error where it is gone.</summary>
    /// <param name="mediaId">The file.</param>
    /// <param name="cancellationToken">Stops waiting; deleted or not.</param>
    Task DeleteAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default);
}
