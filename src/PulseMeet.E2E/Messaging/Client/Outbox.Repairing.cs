using System.Diagnostics;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>New sessions with devices whose messages did not open.</content>
internal sealed partial class Outbox
{
    /// <summary>Begins new sessions with devices whose messages did not open, and asks for those again.</summary>
    private async Task<bool> RepairAsync(CancellationToken cancellationToken)
    {
        bool isDone = true;
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.Repairs, after, default, Page, cancellationToken).ConfigureAwait(false) is { Count: > 0 } wanted)
        {
            foreach (OpenedRecord item in wanted)
            {
                after = item.Key.ToArray();
                isDone &= await RepairAsync(RecordKey.ToDevice(after), RepairRecord.Decode(item.Value), cancellationToken).ConfigureAwait(false);
            }
        }

        return isDone;
    }

    private async Task<bool> RepairAsync(DeviceAddress device, RepairRecord repair, CancellationToken cancellationToken)
    {
        if (!await MayRepairAsync(device, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        using Activity? activity = Telemetry.RepairBegins();
        try
        {
            ClaimedBundles? claimed = repair.IsNewSession ? await ClaimForAsync(device, cancellationToken).ConfigureAwait(false) : null;
            return await core.ChangeAsync(
                conversations.Turns(device.UserId), work => RepairAsync(work, device, claimed), cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (IsAbout(exception))
        {
            Telemetry.Failed(activity, exception.Reason);
            return false;
        }
    }

    private Task<bool> MayRepairAsync(DeviceAddress device, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.User(device.UserId)],
        async work =>
        {
            UserRecord? user = await work.UserAsync(device.UserId).ConfigureAwait(false);
            if (user?.Standing == Standing.Blocked || user?.List.Find(device.DeviceId) is not { } listed)
            {
                work.Delete(RecordKey.Repairs, RecordKey.Of(device));
                return false;
            }

            PeerRecord peer = await work.PeerAsync(listed).ConfigureAwait(false);
            return user.Standing == Standing.Accepted && !user.Contact.IsChangePending && peer.TryRepair(work.Now);
        },
        cancellationToken);

    private async Task<ClaimedBundles?> ClaimForAsync(DeviceAddress device, CancellationToken cancellationToken)
    {
        OpenedRecord? bytes =
            await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(device.UserId), cancellationToken).ConfigureAwait(false);
        UserRecord? user = bytes is null ? null : core.Users.Decode(device.UserId, bytes.Value);
        string[] except = [.. (user?.List.Devices ?? []).Select(other => other.Address.DeviceId).Where(id => id != device.DeviceId)];
        return await core.Relay.ClaimBundlesAsync(device.UserId, except, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> RepairAsync(Work work, DeviceAddress device, ClaimedBundles? claimed)
    {
        byte[]? bytes = await work.ReadAsync(RecordKey.Repairs, RecordKey.Of(device)).ConfigureAwait(false);
        UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
        if (bytes is null)
        {
            return true;
        }

        RepairRecord repair = RepairRecord.Decode(bytes);
        UserRecord? user = claimed is null
            ? await work.UserAsync(device.UserId).ConfigureAwait(false)
            : await lists.ApplyAsync(work, device.UserId, claimed.DeviceList.ToArray(), Standing.Accepted).ConfigureAwait(false);
        if (user?.List.Find(device.DeviceId) is not { } listed || user.Contact.IsChangePending)
        {
            work.Delete(RecordKey.Repairs, RecordKey.Of(device));
            return true;
        }

        ConversationName conversation = ConversationName.Direct(core.Address.UserId, device.UserId);
        if (claimed is not null)
        {
            if (!claimed.Bundles.TryGetValue(device.DeviceId, out ReadOnlyMemory<byte> bundle))
            {
                return false;
            }

            try
            {
                await work.BeginAsync(user, PreKeyBundle.Decode(bundle.Span)).ConfigureAwait(false);
            }
            catch (E2EException exception) when (exception.Reason is not (E2EError.StoreFailed or E2EError.StoreInUse or E2EError.StoreDamaged))
            {
                return false;
            }

            work.Repaired++;
            await work.TrySealAsync(own, user, listed, conversations.Control(conversation, ContentType.Repair, default)).ConfigureAwait(false);
            await conversations.RepeatTailsAsync(work, own, user, listed, conversation, default).ConfigureAwait(false);
        }

        if (repair.Envelopes.Count > 0)
        {
            var names = new ResendNames(default, [], repair.Envelopes);
            Draft request = conversations.Control(conversation, ContentType.ResendRequest, names.Encode());
            if (await work.TrySealAsync(own, user, listed, request).ConfigureAwait(false) is null)
            {
                return false;
            }
        }

        work.Delete(RecordKey.Repairs, RecordKey.Of(device));
        return true;
    }
}
