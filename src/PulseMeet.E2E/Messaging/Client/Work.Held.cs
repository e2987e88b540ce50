using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>What waits until the app has decided about its sender.</content>
internal sealed partial class Work
{
    /// <summary>How many bytes of a user's wait. Reads them: for where it is known that they are not many.</summary>
    public async ValueTask<int> HeldBytesAsync(string userId)
    {
        byte[] prefix = RecordKey.UserPrefix(userId);
        byte[] name = StoreName.OfPart(RecordKey.Held, prefix);
        IReadOnlyList<OpenedRecord> stored = await _core.Store.ScanAsync(
            RecordKey.Held, default, prefix, 2 * HeldRecord.MaxPerUser, key => !_writes.ContainsKey(StoreName.Of(RecordKey.Held, key.Span)), _cancellation)
            .ConfigureAwait(false);
        return stored.Sum(item => item.Value.Length)
            + _writes.Where(write => write.Key.AsSpan().StartsWith(name)).Sum(write => write.Value?.Length ?? 0);
    }

    /// <summary>Takes back that a user is known: nothing of what came in his name was his.</summary>
    public void ForgetUser(string userId)
    {
        _users.Remove(userId);
        Delete(RecordKey.Users, RecordKey.Of(userId));
    }
}
