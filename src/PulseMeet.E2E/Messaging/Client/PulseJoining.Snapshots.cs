using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>What a joiner needs besides, and what it holds against it: snapshots by their hash, and the account keys that are remembered.</content>
internal sealed partial class PulseJoining
{
    /// <summary>What a Welcome needs of the relay; null where it has not got it, or refuses for now.</summary>
    private async Task<byte[]?> TryFetchAsync(byte[] hash, CancellationToken cancellationToken)
    {
        byte[]? snapshot;
        try
        {
            snapshot = await FetchAsync(hash, cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (IsPassing(exception.Reason))
        {
            return null;
        }

        IReadOnlyList<KnownList> known = snapshot is null ? [] : [.. GroupSnapshot.Decode(snapshot).Lists.Lists];
        try
        {
            await RefreshAsync(known, cancellationToken).ConfigureAwait(false);
            return snapshot;
        }
        catch (E2EException exception) when (IsPassing(exception.Reason))
        {
            return null;
        }
    }

    /// <summary>A snapshot by its hash; null where the relay has not what it should have.</summary>
    private async Task<byte[]?> FetchAsync(byte[] hash, CancellationToken cancellationToken)
    {
        byte[]? snapshot = await core.Relay.GetTreeAsync(hash, cancellationToken).ConfigureAwait(false);
        return snapshot is not null && PublicBytes.Equal(Sha256.Hash(snapshot), hash) ? snapshot : null;
    }

    /// <summary>Asks for the lists of those who are there under another account key than the one that is remembered: a key that changed
    /// is told before anybody is taken for somebody.</summary>
    private async Task RefreshAsync(IEnumerable<KnownList> known, CancellationToken cancellationToken)
    {
        foreach (KnownList list in known)
        {
            OpenedRecord? bytes = await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(list.UserId), cancellationToken).ConfigureAwait(false);
            if (bytes is not null && !list.IsSameAccount(core.Users.Decode(list.UserId, bytes.Value).Contact.Account.AccountKey.Span))
            {
                await lists.RefreshAsync(list.UserId, Standing.Unanswered, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task<Dictionary<string, byte[]>> PinnedAsync(Work work, byte[] snapshot)
    {
        var pinned = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (KnownList list in GroupSnapshot.Decode(snapshot).Lists.Lists)
        {
            if (await work.UserAsync(list.UserId).ConfigureAwait(false) is { } user)
            {
                pinned.Add(list.UserId, user.Contact.Account.AccountKey.ToArray());
            }
        }

        return pinned;
    }

    /// <summary>Whether the relay refuses a call for now: it is no matter of what came.</summary>
    private static bool IsPassing(E2EError reason) => reason is E2EError.LimitExceeded or E2EError.NotAllowed;
}
