using System.Security.Cryptography;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>Groups and their candidates, within one transaction. docs/protocol-relay.md, "Groups".</summary>
internal static class Groups
{
    public static int Offer(RelayTransaction file, DeviceAddress caller, GroupCommit commit, DateTimeOffset now, ISet<long> woken)
    {
        Sender sender = Mailboxes.Listed(file, caller);
        bool isNew = file.Run(
            "insert into mls_group (group_id, greatest_epoch, created_by, created_with) values ($1, $2, $3, $4) on conflict do nothing",
            commit.GroupId,
            RelayTransaction.Epoch(commit.Epoch),
            sender.Device,
            commit.Id) == 1;
        GroupRow group = Find(file, commit.GroupId)!;
        if (!isNew && PlaceOf(file, group.Id, sender, commit.Id) is { } earlier)
        {
            return earlier;
        }

        bool isMember = isNew || Audience(file, group.Id, commit.Epoch).Contains(sender.Device);

        List<(long Device, OutgoingEnvelope Welcome)> joining =
            [.. commit.Welcomes.Select(welcome => (Mailboxes.Find(file, welcome.Recipient)?.Device ?? 0, welcome)).Where(found => found.Item1 != 0)];
        Check(file, group, sender, [sender.Device, .. joining.Select(join => join.Device)], isNew, isMember, commit);
        byte[]? treeHash = KeepTree(file, commit.Tree);
        int place = 0;
        if (!commit.Commit.IsEmpty)
        {
            place = TakePlace(file, group, sender, commit, treeHash, now);
            Mailboxes.PutAll(
                file,
                Audience(file, group.Id, commit.Epoch).Where(device => device != sender.Device),
                new NewItem(MailboxItemKind.GroupCommit, sender, group.Id, commit.Id, commit.Commit),
                now,
                woken);
        }

        file.Run(
            "update mls_group set greatest_epoch = max(greatest_epoch, $2) where id = $1", group.Id, RelayTransaction.Epoch(commit.Epoch));
        if (!commit.GroupInfo.IsEmpty)
        {
            file.Run(
                "update mls_group set group_info = $2, group_info_tree = $3, group_info_by = $4, group_info_size = $5 where id = $1",
                group.Id,
                commit.GroupInfo,
                treeHash,
                sender.Account,
                SizeOf(commit.GroupInfo, commit));
        }

        foreach ((long device, OutgoingEnvelope welcome) in joining)
        {
            Mailboxes.PutOnce(
                file, device, new NewItem(MailboxItemKind.Welcome, sender, group.Id, welcome.Id, welcome.Content), now, woken);
        }

        if (place == 0 && !commit.Commit.IsEmpty)
        {
            Remove(file, group, sender, isMember, commit);
        }

        foreach (long device in joining.Select(join => join.Device).Concat(isMember && !isNew ? [] : [sender.Device]))
        {
            file.Run("insert or replace into member values ($1, $2, 1, null)", group.Id, device);
            file.Run("insert into group_account select $1, account from device where id = $2 on conflict do nothing", group.Id, device);
        }

        return place;
    }

    public static void Send(RelayTransaction file, DeviceAddress caller, GroupMessage message, DateTimeOffset now, ISet<long> woken)
    {
        Sender sender = Mailboxes.Listed(file, caller);
        GroupRow? group = Find(file, message.GroupId);
        List<long> audience = group is null ? [] : Audience(file, group.Id, message.Epoch);
        if (group is null || !audience.Remove(sender.Device))
        {
            throw new E2EException(E2EError.NotAllowed, "Not on the delivery list.");
        }

        if (file.Exists(
            "select 1 from group_message where mls_group = $1 and sender = $2 and id = $3 and arrived_at > $4",
            group.Id,
            sender.Device,
            message.Id,
            now - RelayLimits.MaxEnvelopeAge))
        {
            return;
        }

        file.Run("insert or replace into group_message values ($1, $2, $3, $4)", group.Id, sender.Device, message.Id, now);
        Mailboxes.PutAll(
            file, audience, new NewItem(MailboxItemKind.GroupMessage, sender, group.Id, message.Id, message.Content), now, woken);
    }

    public static List<GroupCandidate> Candidates(
        RelayTransaction file, DeviceAddress caller, ReadOnlyMemory<byte> groupId, ulong fromEpoch, int fromPlace, int max, DateTimeOffset now)
    {
        List<GroupCandidate> found = [];
        long size = 0;
        foreach ((byte[] epoch, int place, string user, string device, long length, long row) in file.Query(
            """
            select c.epoch, c.place, a.user_id, s.device_id, length(c.content), c.rowid
              from mls_group g join candidate c on c.mls_group = g.id join device s on s.id = c.sender join account a on a.id = s.account
              where g.group_id = $1 and (c.epoch > $2 or (c.epoch = $2 and c.place >= $3)) and (c.arrived_at > $4 or c.epoch = g.greatest_epoch)
                and exists (select 1 from member m join device d on d.id = m.device join account o on o.id = d.account
                  where m.mls_group = g.id and o.user_id = $5 and d.device_id = $6)
              order by c.epoch, c.place limit $7
            """,
            row => (row.GetFieldValue<byte[]>(0), row.GetInt32(1), row.GetString(2), row.GetString(3), row.GetInt64(4), row.GetInt64(5)),
            groupId,
            RelayTransaction.Epoch(fromEpoch),
            fromPlace,
            now - RelayLimits.MaxEnvelopeAge,
            caller.UserId,
            caller.DeviceId,
            max))
        {
            size += length;
            if (size > RelayLimits.MaxRequestSize && found.Count > 0)
            {
                break;
            }

            found.Add(new GroupCandidate(
                RelayTransaction.Epoch(epoch), place, new DeviceAddress(user, device), file.Bytes("select content from candidate where rowid = $1", row)!));
        }

        return found;
    }

    public static byte[]? Info(RelayTransaction file, string userId, ReadOnlyMemory<byte> groupId) => file.Bytes(
        """
        select g.group_info from mls_group g where g.group_id = $1 and exists (
          select 1 from group_account m join account a on a.id = m.account where m.mls_group = g.id and a.user_id = $2)
        """,
        groupId,
        userId);

    public static void Subscribe(RelayTransaction file, DeviceAddress caller, ReadOnlyMemory<byte> groupId, bool isSubscribed)
    {
        if (Mailboxes.Find(file, caller) is { } device && Find(file, groupId) is { } group)
        {
            file.Run(
                "update member set is_on_list = $3, removed_in = case when $3 then null else removed_in end where mls_group = $1 and device = $2",
                group.Id,
                device.Device,
                isSubscribed ? 1 : 0);
        }
    }

    /// <summary>Deletes what is past its age: candidates but for the greatest offered epoch's, trees that nothing names.</summary>
    public static void CleanUp(RelayTransaction file, DateTimeOffset before)
    {
        foreach ((long row, long account, long size) in file.Query(
            """
            select c.rowid, s.account, c.size from candidate c join mls_group g on g.id = c.mls_group join device s on s.id = c.sender
              where c.arrived_at <= $1 and c.epoch < g.greatest_epoch
            """,
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)),
            before))
        {
            file.Run("delete from candidate where rowid = $1", row);
            file.Run("update offered set items = items - 1, bytes = bytes - $2 where account = $1", account, size);
        }

        file.Run("delete from offered where items = 0");
        file.Run(
            """
            delete from tree where not exists (select 1 from candidate c where c.tree_hash = tree.hash)
              and not exists (select 1 from mls_group g where g.group_info_tree = tree.hash)
            """);
        file.Run("delete from group_message where arrived_at <= $1", before);
    }

    /// <summary>Who gets what is sent in an epoch.</summary>
    private static List<long> Audience(RelayTransaction file, long group, ulong epoch) => file.Query(
        "select device from member where mls_group = $1 and is_on_list and (removed_in is null or removed_in >= $2) order by device",
        row => row.GetInt64(0),
        group,
        RelayTransaction.Epoch(epoch));

    private static GroupRow? Find(RelayTransaction file, ReadOnlyMemory<byte> groupId) => file.Query(
        "select id, greatest_epoch, group_info is not null from mls_group where group_id = $1",
        row => new GroupRow(
            row.GetInt64(0), RelayTransaction.Epoch(row.GetFieldValue<byte[]>(1)), row.GetBoolean(2)),
        groupId).FirstOrDefault();

    /// <summary>The place that the same offer was given before; null where it is a new one.</summary>
    private static int? PlaceOf(RelayTransaction file, long group, Sender sender, ReadOnlyMemory<byte> id) =>
        (int?)file.Number("select place from candidate where mls_group = $1 and sender = $2 and id = $3", group, sender.Device, id)
        ?? (file.Exists("select 1 from mls_group where id = $1 and created_by = $2 and created_with = $3", group, sender.Device, id) ? 0 : null);

    /// <summary>Bounds before rights, and rights before content.</summary>
    private static void Check(
        RelayTransaction file, GroupRow group, Sender sender, IEnumerable<long> joining, bool isNew, bool isMember, GroupCommit commit)
    {
        RelayRequest.IsWithin(
            1 + file.Number(
                "select count(*) from candidate where mls_group = $1 and epoch = $2 and sender = $3",
                group.Id,
                RelayTransaction.Epoch(commit.Epoch),
                sender.Device)!.Value,
            RelayLimits.MaxCandidatesPerSender);
        HashSet<long> devices =
        [
            .. file.Query(
                "select device from member where mls_group = $1 and is_on_list and removed_in is null", row => row.GetInt64(0), group.Id),
            .. joining,
        ];
        RelayRequest.IsWithin(devices.Count, RelayLimits.MaxGroupDevices);
        Count(file, group, sender, commit);
        if (!isMember && !(group.HasInfo && file.Exists(
            "select 1 from group_account where mls_group = $1 and account = $2", group.Id, sender.Account)))
        {
            throw new E2EException(E2EError.NotAllowed, "Not on the delivery list, and no external commits.");
        }

        if (!isNew && commit.Epoch > group.GreatestEpoch && commit.Epoch - group.GreatestEpoch > 1)
        {
            throw new E2EException(E2EError.NotAllowed, "An epoch that nobody can be in.");
        }

        if (commit.Commit.IsEmpty && !(isNew && commit.Welcomes.Count == 0))
        {
            throw new E2EException(E2EError.InvalidEncoding, "An empty commit.");
        }
    }

    /// <summary>Counts what the sender's user will have offered; the group info that is replaced no longer counts.</summary>
    private static void Count(RelayTransaction file, GroupRow group, Sender sender, GroupCommit commit)
    {
        if (!commit.GroupInfo.IsEmpty)
        {
            file.Run(
                """
                update offered set items = items - 1, bytes = bytes - (select group_info_size from mls_group where id = $1)
                  where account = (select group_info_by from mls_group where id = $1)
                """,
                group.Id);
            Add(SizeOf(commit.GroupInfo, commit));
        }

        if (!commit.Commit.IsEmpty)
        {
            Add(SizeOf(commit.Commit, commit));
        }

        foreach ((long items, long bytes) in file.Query(
            "select items, bytes from offered where account = $1", row => (row.GetInt64(0), row.GetInt64(1)), sender.Account))
        {
            RelayRequest.IsWithin(items, RelayLimits.MaxOffers);
            RelayRequest.IsWithin(bytes, RelayLimits.MaxOfferBytes);
        }

        void Add(long size) => file.Run(
            """
            insert into offered values ($1, 1, $2)
              on conflict (account) do update set items = items + 1, bytes = bytes + excluded.bytes
            """,
            sender.Account,
            size);
    }

    private static long SizeOf(ReadOnlyMemory<byte> content, GroupCommit commit) => (long)content.Length + commit.Tree.Length;

    private static byte[]? KeepTree(RelayTransaction file, ReadOnlyMemory<byte> tree)
    {
        if (tree.IsEmpty)
        {
            return null;
        }

        byte[] hash = SHA256.HashData(tree.Span);
        file.Run("insert into tree values ($1, $2) on conflict do nothing", hash, tree);
        return hash;
    }

    private static int TakePlace(RelayTransaction file, GroupRow group, Sender sender, GroupCommit commit, byte[]? treeHash, DateTimeOffset now)
    {
        byte[] epoch = RelayTransaction.Epoch(commit.Epoch);
        int place = (int)file.Number(
            """
            insert into epoch_place values ($1, $2, 1)
              on conflict (mls_group, epoch) do update set next_place = next_place + 1 returning next_place - 1
            """,
            group.Id,
            epoch)!.Value;
        file.Run(
            "insert into candidate values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            group.Id,
            epoch,
            place,
            sender.Device,
            commit.Id,
            commit.Commit,
            treeHash,
            SizeOf(commit.Commit, commit),
            now);
        return place;
    }

    /// <summary>The first candidate alone takes devices off; one from outside only its own user's.</summary>
    private static void Remove(RelayTransaction file, GroupRow group, Sender sender, bool isMember, GroupCommit commit)
    {
        foreach (DeviceAddress removed in commit.Removed)
        {
            if (Mailboxes.Find(file, removed) is { } device && (isMember || device.Account == sender.Account))
            {
                file.Run(
                    "update member set removed_in = min(coalesce(removed_in, $3), $3) where mls_group = $1 and device = $2 and is_on_list",
                    group.Id,
                    device.Device,
                    RelayTransaction.Epoch(commit.Epoch));
            }
        }
    }

    private sealed record GroupRow(long Id, ulong GreatestEpoch, bool HasInfo);
}
