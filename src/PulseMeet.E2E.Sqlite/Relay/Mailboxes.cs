using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>Accounts, devices and mailboxes, within one transaction. docs/protocol-relay.md, "Mailboxes".</summary>
internal static class Mailboxes
{
    /// <summary>The caller's device, which has to be on its user's list.</summary>
    /// <exception cref="E2EException">It is not (<see cref="E2EError.UnknownDevice"/>).</exception>
    public static Sender Listed(RelayTransaction file, DeviceAddress caller) =>
        Find(file, caller) is { } found ? found : throw new E2EException(E2EError.UnknownDevice);

    /// <summary>A device that is on its user's list; null where it is not.</summary>
    public static Sender? Find(RelayTransaction file, DeviceAddress device) =>
        file.Query(
            "select d.id, d.account from device d join account a on a.id = d.account where a.user_id = $1 and d.device_id = $2 and d.is_listed",
            row => new Sender(row.GetInt64(0), row.GetInt64(1)),
            device.UserId,
            device.DeviceId).FirstOrDefault();

    public static long Account(RelayTransaction file, string userId)
    {
        file.Run("insert into account (user_id) values ($1) on conflict do nothing", userId);
        return file.Number("select id from account where user_id = $1", userId)!.Value;
    }

    public static DeliveryOutcome Deliver(RelayTransaction file, Sender sender, OutgoingEnvelope envelope, DateTimeOffset now, ISet<long> woken)
    {
        if (Find(file, envelope.Recipient) is not { } recipient)
        {
            return DeliveryOutcome.UnknownDevice;
        }

        return PutOnce(file, recipient.Device, new NewItem(MailboxItemKind.Envelope, sender, null, envelope.Id, envelope.Content), now, woken);
    }

    /// <summary>Puts what is told apart by its sender and its id.</summary>
    public static DeliveryOutcome PutOnce(RelayTransaction file, long device, NewItem item, DateTimeOffset now, ISet<long> woken)
    {
        if (file.Exists(
            "select 1 from seen where device = $1 and sender = $2 and envelope_id = $3 and arrived_at > $4",
            device,
            item.Sender.Device,
            item.Id,
            now - RelayLimits.MaxEnvelopeAge))
        {
            return DeliveryOutcome.Accepted;
        }

        if (Put(file, device, item, null, now) is null)
        {
            return DeliveryOutcome.MailboxFull;
        }

        file.Run("insert or replace into seen values ($1, $2, $3, $4)", device, item.Sender.Device, item.Id, now);
        woken.Add(device);
        return DeliveryOutcome.Accepted;
    }

    /// <summary>Puts one content into several mailboxes; those that are full miss it.</summary>
    public static void PutAll(RelayTransaction file, IEnumerable<long> devices, NewItem item, DateTimeOffset now, ISet<long> woken)
    {
        long? body = null;
        foreach (long device in devices)
        {
            if (Put(file, device, item, body, now) is { } kept)
            {
                body = kept;
                woken.Add(device);
            }
        }
    }

    /// <summary>Takes items out of a mailbox, each with its content where that lies in no other.</summary>
    public static void Drop(RelayTransaction file, long device, string condition, object parameter)
    {
        foreach ((long id, long account, long size, long body) in file.Query(
            $"select i.id, s.account, i.size, i.body from item i join device s on s.id = i.sender where i.device = $1 and {condition}",
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)),
            device,
            parameter))
        {
            file.Run("delete from item where device = $1 and id = $2", device, id);
            file.Run("update share set items = items - 1, bytes = bytes - $3 where device = $1 and account = $2", device, account, size);
            file.Run("delete from share where device = $1 and account = $2 and items = 0", device, account);
            file.Run("update device set items = items - 1, bytes = bytes - $2 where id = $1", device, size);
            file.Run("delete from body where id = $1 and not exists (select 1 from item where body = $1)", body);
        }
    }

    public static List<MailboxItem> Page(RelayTransaction file, long device, MailboxRequest request, DateTimeOffset now)
    {
        HashSet<long> except = [.. request.ExceptIds];
        List<MailboxItem> items = [];
        long size = 0;
        foreach ((long id, long itemSize) in file.Query(
            "select id, size from item where device = $1 and arrived_at > $2 order by id limit $3",
            row => (row.GetInt64(0), row.GetInt64(1)),
            device,
            now - RelayLimits.MaxEnvelopeAge,
            request.Max + except.Count).Where(found => !except.Contains(found.Item1)).Take(request.Max))
        {
            size += itemSize;
            if (size > RelayLimits.MaxRequestSize && items.Count > 0)
            {
                break;
            }

            items.Add(Item(file, device, id));
        }

        return items;
    }

    private static MailboxItem Item(RelayTransaction file, long device, long id) => file.Query(
        """
        select i.id, i.kind, a.user_id, s.device_id, g.group_id, i.envelope_id, i.arrived_at, b.content
          from item i join device s on s.id = i.sender join account a on a.id = s.account join body b on b.id = i.body
          left join mls_group g on g.id = i.mls_group
          where i.device = $1 and i.id = $2
        """,
        row => new MailboxItem(
            row.GetInt64(0),
            (MailboxItemKind)row.GetInt32(1),
            new DeviceAddress(row.GetString(2), row.GetString(3)),
            row.IsDBNull(4) ? ReadOnlyMemory<byte>.Empty : row.GetFieldValue<byte[]>(4),
            row.GetFieldValue<byte[]>(5),
            new DateTimeOffset(row.GetInt64(6), TimeSpan.Zero),
            row.GetFieldValue<byte[]>(7)),
        device,
        id)[0];

    /// <summary>The content's number; null where the mailbox is full.</summary>
    private static long? Put(RelayTransaction file, long device, NewItem item, long? body, DateTimeOffset now)
    {
        if (!HasRoom(file, device, item))
        {
            // What is past its age takes no room.
            Drop(file, device, "i.arrived_at <= $2", (now - RelayLimits.MaxEnvelopeAge).UtcTicks);
            if (!HasRoom(file, device, item))
            {
                return null;
            }
        }

        if (body is null)
        {
            file.Run("insert into body (content) values ($1)", item.Content);
            body = file.LastId();
        }

        file.Run(
            """
            insert into item (device, id, kind, sender, mls_group, envelope_id, arrived_at, size, body)
              select $1, next_item, $2, $3, $4, $5, $6, $7, $8 from device where id = $1
            """,
            device,
            (int)item.Kind,
            item.Sender.Device,
            item.Group,
            item.Id,
            now,
            item.Content.Length,
            body);
        file.Run("update device set next_item = next_item + 1, items = items + 1, bytes = bytes + $2 where id = $1", device, item.Content.Length);
        file.Run(
            """
            insert into share values ($1, $2, 1, $3)
              on conflict (device, account) do update set items = items + 1, bytes = bytes + excluded.bytes
            """,
            device,
            item.Sender.Account,
            item.Content.Length);
        return body;
    }

    private static bool HasRoom(RelayTransaction file, long device, NewItem item)
    {
        (long items, long bytes) = file.Query(
            "select items, bytes from device where id = $1", row => (row.GetInt64(0), row.GetInt64(1)), device)[0];
        (long shareItems, long shareBytes) = file.Query(
            "select items, bytes from share where device = $1 and account = $2",
            row => (row.GetInt64(0), row.GetInt64(1)),
            device,
            item.Sender.Account).FirstOrDefault();
        int size = item.Content.Length;
        return items < RelayLimits.MaxMailboxItems
            && bytes + size <= RelayLimits.MaxMailboxBytes
            && shareItems < (long)(RelayLimits.MaxMailboxItems * RelayLimits.MaxSenderShare)
            && shareBytes + size <= (long)(RelayLimits.MaxMailboxBytes * RelayLimits.MaxSenderShare);
    }
}

/// <summary>A device that sends, by its numbers in the file.</summary>
internal sealed record Sender(long Device, long Account);

/// <summary>What is put into a mailbox.</summary>
internal sealed record NewItem(MailboxItemKind Kind, Sender Sender, long? Group, ReadOnlyMemory<byte> Id, ReadOnlyMemory<byte> Content);
