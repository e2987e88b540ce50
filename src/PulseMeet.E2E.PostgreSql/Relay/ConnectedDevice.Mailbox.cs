using Npgsql;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql.Relay;

internal sealed partial class ConnectedDevice
{
    public async Task<IReadOnlyList<DeliveryOutcome>> DeliverAsync(
        IReadOnlyList<OutgoingEnvelope> envelopes, CancellationToken cancellationToken = default)
    {
        RelayRequest.AreEnvelopes(envelopes);
        RelayRequest.AreWithin(envelopes);
        if (envelopes.Count == 0)
        {
            return [];
        }

        (short[] outcomes, long[] woken) = await database.SingleAsync(
            "select * from pulsemeet_e2e_relay.deliver($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            row => (row.GetFieldValue<short[]>(0), row.GetFieldValue<long[]>(1)),
            cancellationToken,
            [.. Self, .. NowAndBounds(), .. Envelopes(envelopes)]).ConfigureAwait(false);
        Tell(woken);
        return [.. outcomes.Select(outcome => (DeliveryOutcome)outcome)];
    }

    public async Task SignalAsync(OutgoingEnvelope envelope, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsEnvelope(envelope);
        RelayRequest.IsWithin(envelope.Content.Length, RelayLimits.MaxSignalSize);
        DateTimeOffset now = time.GetUtcNow();
        List<long> recipients = await database.QueryAsync(
            """
            select d.id, pg_notify($5, $6 || 'm' || d.id || ':' || $7)
              from pulsemeet_e2e_relay.device d join pulsemeet_e2e_relay.account a on a.id = d.account
              where pulsemeet_e2e_relay.listed_device($1, $2) is not null and a.user_id = $3 and d.device_id = $4 and d.is_listed
            """,
            row => row.GetInt64(0),
            cancellationToken,
            [
                .. Self, .. Parameters.Of(envelope.Recipient), Parameters.Text(Notifications.Channel), Parameters.Text(notifications.SignalPrefix),
                Parameters.Text(SignalPayload.Write(caller, envelope, now)),
            ]).ConfigureAwait(false);
        foreach (long recipient in recipients)
        {
            notifications.Waiters.Signal(
                Topic.Mailbox(recipient),
                new MailboxItem(0, MailboxItemKind.Signal, caller, ReadOnlyMemory<byte>.Empty, envelope.Id.ToArray(), now, envelope.Content.ToArray()));
        }
    }

    public async Task<MailboxPage> ReceiveAsync(MailboxRequest request, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsMailboxRequest(request);
        return await Waits.ReceiveAsync(request, () => LookAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public Task AcknowledgeAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        RelayRequest.IsWithin(ids.Count, RelayLimits.MaxRequestItems);
        return ids.Count == 0
            ? Task.CompletedTask
            : database.RunAsync(
                "select pulsemeet_e2e_relay.acknowledge($1, $2, $3)", cancellationToken, [.. Self, Parameters.Bigints(ids)]);
    }

    private static NpgsqlParameter[] Envelopes(IReadOnlyList<OutgoingEnvelope> envelopes) =>
    [
        Parameters.Texts(envelopes.Select(envelope => envelope.Recipient.UserId)),
        Parameters.Texts(envelopes.Select(envelope => envelope.Recipient.DeviceId)),
        Parameters.ManyBytes(envelopes.Select(envelope => envelope.Id)),
        Parameters.ManyBytes(envelopes.Select(envelope => envelope.Content)),
    ];

    /// <summary>What is in the mailbox, with its topic; one round trip.</summary>
    private async Task<(Topic Mailbox, MailboxPage Page)> LookAsync(MailboxRequest request, CancellationToken cancellationToken)
    {
        List<(long Device, long Highest, MailboxItem? Item)> rows = await database.QueryAsync(
            """
            select r.device, r.highest, i.*
              from pulsemeet_e2e_relay.note_revision($1, $2, $3) r
              left join lateral pulsemeet_e2e_relay.receive($1, $2, $4, $5, $6, $7) i on true
              order by i.id
            """,
            row => (row.GetInt64(0), row.GetInt64(1), row.IsDBNull(2) ? null : Item(row)),
            cancellationToken,
            [
                .. Self, Parameters.Bigint(request.StoreRevision), Parameters.Time(OldestKept), Parameters.Integer(request.Max),
                Parameters.Bigint(RelayLimits.MaxRequestSize), Parameters.Bigints(request.ExceptIds),
            ]).ConfigureAwait(false);
        return (Topic.Mailbox(rows[0].Device), new MailboxPage([.. rows.Select(row => row.Item).OfType<MailboxItem>()], rows[0].Highest));
    }

    private static MailboxItem Item(NpgsqlDataReader row) => new(
        row.GetInt64(2),
        (MailboxItemKind)row.GetInt16(3),
        new DeviceAddress(row.GetString(4), row.GetString(5)),
        row.IsDBNull(6) ? ReadOnlyMemory<byte>.Empty : row.GetFieldValue<byte[]>(6),
        row.GetFieldValue<byte[]>(7),
        new DateTimeOffset(row.GetDateTime(8)),
        row.GetFieldValue<byte[]>(9));
}
