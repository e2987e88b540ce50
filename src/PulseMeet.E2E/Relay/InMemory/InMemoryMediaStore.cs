using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>Sealed media files in this process's memory: for tests, samples and small single-process servers.</summary>
/// <remarks>docs/protocol-relay.md, "Media". Taken as an <see cref="IMediaStore"/> itself, it is one user's, of no name.
/// Thread-safe. Memory grows with what was put, not with what was announced.</remarks>
public sealed class InMemoryMediaStore : IMediaStoreServer, IMediaStore
{
    /// <summary>What one user may have begun where the caller says nothing else, in bytes: 1 GiB.</summary>
    public const long DefaultQuota = 1L << 30;

    private readonly Lock _lock = new();
    private readonly Dictionary<BytesKey, MediaFile> _files = [];
    private readonly Dictionary<string, long> _announced = [];
    private readonly TimeProvider _time;
    private readonly long _quota;
    private readonly View _own;

    /// <param name="time">The clock that unfinished uploads age on.</param>
    /// <param name="quota">The most bytes, by announced length, that one user may have begun; 1 or more.</param>
    public InMemoryMediaStore(TimeProvider time, long quota = DefaultQuota)
    {
        ArgumentNullException.ThrowIfNull(time);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(quota);
        _time = time;
        _quota = quota;
        _own = new(this, string.Empty);
    }

    /// <inheritdoc/>
    public IMediaStore Connect(string userId)
    {
        Argument.IsText(userId, DeviceAddress.MaxIdSize);
        return new View(this, userId);
    }

    /// <inheritdoc/>
    public Task CleanUpAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        DateTimeOffset now = _time.GetUtcNow();
        lock (_lock)
        {
            foreach ((BytesKey id, MediaFile file) in _files.Where(entry => IsGone(entry.Value, now)).ToArray())
            {
                Remove(id, file);
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<long> BeginPutAsync(ReadOnlyMemory<byte> mediaId, long length, CancellationToken cancellationToken = default) =>
        _own.BeginPutAsync(mediaId, length, cancellationToken);

    /// <inheritdoc/>
    public Task<long> PutAsync(
        ReadOnlyMemory<byte> mediaId, long offset, ReadOnlyMemory<byte> part, CancellationToken cancellationToken = default) =>
        _own.PutAsync(mediaId, offset, part, cancellationToken);

    /// <inheritdoc/>
    public Task<long?> GetLengthAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default) =>
        _own.GetLengthAsync(mediaId, cancellationToken);

    /// <inheritdoc/>
    public Task<int> GetAsync(
        ReadOnlyMemory<byte> mediaId, long offset, Memory<byte> destination, CancellationToken cancellationToken = default) =>
        _own.GetAsync(mediaId, offset, destination, cancellationToken);

    /// <inheritdoc/>
    public Task DeleteAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default) =>
        _own.DeleteAsync(mediaId, cancellationToken);

    private static bool IsGone(MediaFile file, DateTimeOffset now) =>
        !file.IsWhole && now - file.BegunAt >= RelayLimits.MaxEnvelopeAge;

    /// <summary>The file, where one is there that is not past its age.</summary>
    private MediaFile? Find(BytesKey id)
    {
        if (_files.TryGetValue(id, out MediaFile? file) && IsGone(file, _time.GetUtcNow()))
        {
            Remove(id, file);
            return null;
        }

        return file;
    }

    private void Remove(BytesKey id, MediaFile file)
    {
        _files.Remove(id);
        _announced[file.Owner] -= file.Length;
    }

    private long Begin(string owner, BytesKey id, long length)
    {
        lock (_lock)
        {
            if (Find(id) is { } file)
            {
                file.ExpectOwner(owner);
                return file.Length == length ? file.Durable : throw new E2EException(E2EError.ContentChanged);
            }

            long announced = _announced.GetValueOrDefault(owner);
            if (length > _quota - announced)
            {
                throw new E2EException(E2EError.LimitExceeded, "The media quota.");
            }

            _announced[owner] = announced + length;
            _files[id] = new(owner, length, _time.GetUtcNow());
            return 0;
        }
    }

    private long Append(string owner, BytesKey id, long offset, ReadOnlySpan<byte> part)
    {
        lock (_lock)
        {
            MediaFile file = Find(id) ?? throw new E2EException(E2EError.UnknownMedia);
            file.ExpectOwner(owner);
            return file.Append(offset, part);
        }
    }

    private MediaFile? Whole(BytesKey id)
    {
        lock (_lock)
        {
            return Find(id) is { IsWhole: true } file ? file : null;
        }
    }

    private void Delete(string owner, BytesKey id)
    {
        lock (_lock)
        {
            if (Find(id) is { } file)
            {
                file.ExpectOwner(owner);
                Remove(id, file);
            }
        }
    }

    private sealed class View(InMemoryMediaStore store, string owner) : IMediaStore
    {
        public Task<long> BeginPutAsync(ReadOnlyMemory<byte> mediaId, long length, CancellationToken cancellationToken = default)
        {
            RelayRequest.IsId(mediaId);
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
            cancellationToken.ThrowIfCancellationRequested();
            return Answer.Of(() => store.Begin(owner, new(mediaId), length));
        }

        public Task<long> PutAsync(
            ReadOnlyMemory<byte> mediaId, long offset, ReadOnlyMemory<byte> part, CancellationToken cancellationToken = default)
        {
            RelayRequest.IsId(mediaId);
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            cancellationToken.ThrowIfCancellationRequested();
            return Answer.Of(() =>
            {
                RelayRequest.IsWithin(part.Length, RelayLimits.MaxRequestSize);
                return store.Append(owner, new(mediaId), offset, part.Span);
            });
        }

        public Task<long?> GetLengthAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default)
        {
            RelayRequest.IsId(mediaId);
            cancellationToken.ThrowIfCancellationRequested();
            return Task.FromResult(store.Whole(new(mediaId))?.Length);
        }

        public Task<int> GetAsync(
            ReadOnlyMemory<byte> mediaId, long offset, Memory<byte> destination, CancellationToken cancellationToken = default)
        {
            RelayRequest.IsId(mediaId);
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            cancellationToken.ThrowIfCancellationRequested();
            return Answer.Of(() => (store.Whole(new(mediaId)) ?? throw new E2EException(E2EError.UnknownMedia))
                .Read(offset, destination.Span));
        }

        public Task DeleteAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default)
        {
            RelayRequest.IsId(mediaId);
            cancellationToken.ThrowIfCancellationRequested();
            return Answer.Of(() => store.Delete(owner, new(mediaId)));
        }
    }
}
