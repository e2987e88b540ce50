using System.Diagnostics.CodeAnalysis;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>The app's media store with its contract enforced: whatever it throws or answers that the contract does not know is a store that
/// cannot be reached (<see cref="E2EError.RelayUnavailable"/>), with the exception beneath; and a call ends with its token, whether or not the
/// store looks at it, but for one that reads into memory which is somebody's.</summary>
/// <remarks>Thread-safe where the media store is. Of the bytes that it gives nothing is believed here: they are verified where they are opened.</remarks>
internal sealed class CheckedMediaStore(IMediaStore store) : IMediaStore
{
    public Task<long> BeginPutAsync(ReadOnlyMemory<byte> mediaId, long length, CancellationToken cancellationToken = default) => AskAsync(
        () => store.BeginPutAsync(mediaId, length, cancellationToken),
        durable => durable >= 0 && durable <= length,
        cancellationToken);

    public Task<long> PutAsync(
        ReadOnlyMemory<byte> mediaId, long offset, ReadOnlyMemory<byte> part, CancellationToken cancellationToken = default) => AskAsync(
        () => store.PutAsync(mediaId, offset, part, cancellationToken), durable => durable >= 0, cancellationToken);

    public Task<long?> GetLengthAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default) =>
        AskAsync(() => store.GetLengthAsync(mediaId, cancellationToken), length => length is null or > 0, cancellationToken);

    public Task<int> GetAsync(
        ReadOnlyMemory<byte> mediaId, long offset, Memory<byte> destination, CancellationToken cancellationToken = default) => AskAsync(
        () => store.GetAsync(mediaId, offset, destination, cancellationToken),
        read => read >= 0 && read <= destination.Length,
        cancellationToken,
        mayBeLeft: false);

    public Task DeleteAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default) => AskAsync(
        async () =>
        {
            await store.DeleteAsync(mediaId, cancellationToken).ConfigureAwait(false);
            return true;
        },
        _ => true,
        cancellationToken);

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "An app's media store may throw anything.")]
    private static async Task<T> AskAsync<T>(
        Func<Task<T>> call, Predicate<T> isWhole, CancellationToken cancellationToken, bool mayBeLeft = true)
    {
        T answer;
        try
        {
            answer = await (mayBeLeft ? call().WaitAsync(cancellationToken) : call()).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (E2EException exception) when (!CheckedRelay.IsOfTheStore(exception.Reason))
        {
            throw;
        }
        catch (Exception exception)
        {
            throw new E2EException(E2EError.RelayUnavailable, "The media store failed.", exception);
        }

        return isWhole(answer) ? answer : throw new E2EException(E2EError.RelayUnavailable, "The media store's answer is none.");
    }
}
