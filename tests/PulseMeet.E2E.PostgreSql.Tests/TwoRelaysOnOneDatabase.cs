using Npgsql;
using PulseMeet.E2E.PostgreSql.Relay;
using PulseMeet.E2E.PostgreSql.Tests.Support;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Tests.Relay;

namespace PulseMeet.E2E.PostgreSql.Tests;

/// <summary>Relays keep nothing that another would need: what comes through one is there through the other, once and in order.</summary>
[Collection(OnEmptyPostgres.Name)]
public sealed class TwoRelaysOnOneDatabase(EmptyPostgres server)
{
    private static readonly TimeSpan s_minute = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_comes_through_one_relay_wakes_who_waits_at_the_other()
    {
        await using EmptyDatabase database = server.NewDatabase();
        (PostgreSqlRelay first, PostgreSqlRelay second) = await ArrangeAsync(database);
        Task<MailboxPage> waiting = second.Connect(new("bob", "phone")).ReceiveAsync(wait: s_minute);
        await ListeningAsync(database);
        await first.Connect(new("alice", "phone")).DeliverAsync([Users.Envelope("bob", "phone", "hi")]);
        Assert.Equal("hi", Users.Text(Assert.Single((await waiting).Items)));
    }

    [Fact]
    public async Task A_signal_reaches_who_waits_at_the_other_relay_and_lies_nowhere()
    {
        await using EmptyDatabase database = server.NewDatabase();
        (PostgreSqlRelay first, PostgreSqlRelay second) = await ArrangeAsync(database);
        IE2ERelay bob = second.Connect(new("bob", "phone"));
        OutgoingEnvelope longest = new(new("bob", "phone"), Users.Id(), new byte[RelayLimits.MaxSignalSize]);
        await first.Connect(new("alice", "phone")).SignalAsync(longest);
        Task<MailboxPage> waiting = bob.ReceiveAsync(wait: s_minute);
        await ListeningAsync(database);
        do
        {
            await first.Connect(new("alice", "phone")).SignalAsync(longest);
        }
        while (await Task.WhenAny(waiting, Task.Delay(50)) != waiting);
        MailboxItem signal = (await waiting).Items[0];
        Assert.Equal((0L, MailboxItemKind.Signal, RelayLimits.MaxSignalSize), (signal.Id, signal.Kind, signal.Content.Length));
        Assert.Equal(new("alice", "phone"), signal.Sender);
        Assert.Empty((await bob.ReceiveAsync()).Items);
    }

    [Fact]
    public async Task An_answer_to_a_link_wakes_the_device_that_waits_at_the_other_relay()
    {
        await using EmptyDatabase database = server.NewDatabase();
        (PostgreSqlRelay first, PostgreSqlRelay second) = await ArrangeAsync(database);
        byte[] request = Users.Id();
        Task<byte[]?> waiting = second.Connect(new("bob", "laptop")).GetLinkAnswerAsync(request, s_minute);
        await ListeningAsync(database);
        await first.Connect(new("bob", "phone")).PutLinkAnswerAsync(request, new byte[] { 1 });
        Assert.Equal([1], await waiting);
    }

    [Fact]
    public async Task While_one_transaction_stalls_everybody_else_goes_on_and_what_it_puts_is_neither_skipped_nor_doubled()
    {
        await using EmptyDatabase database = server.NewDatabase();
        (PostgreSqlRelay first, PostgreSqlRelay second) = await ArrangeAsync(database);
        IE2ERelay alice = second.Connect(new("alice", "phone"));
        IE2ERelay bob = first.Connect(new("bob", "phone"));
        await alice.DeliverAsync([Users.Envelope("bob", "phone", "one")]);
        await using NpgsqlConnection stalled = await database.NewSource().OpenConnectionAsync();
        await using NpgsqlTransaction transaction = await stalled.BeginTransactionAsync();
        await DeliverAsync(stalled, "two");

        // Another mailbox is not touched by it, and the stalled one can be read.
        Assert.Equal([DeliveryOutcome.Accepted], await alice.DeliverAsync([Users.Envelope("carol", "phone", "hi")]));
        Task<IReadOnlyList<DeliveryOutcome>> behind = alice.DeliverAsync([Users.Envelope("bob", "phone", "three")]);
        await WaitingForALockAsync(database);
        MailboxPage page = await bob.ReceiveAsync();
        Assert.Equal(["one"], page.Items.Select(Users.Text));
        Assert.False(behind.IsCompleted);

        await transaction.CommitAsync();
        Assert.Equal([DeliveryOutcome.Accepted], await behind);
        await bob.AcknowledgeAsync([page.Items[0].Id]);
        page = await bob.ReceiveAsync();
        Assert.Equal(["two", "three"], page.Items.Select(Users.Text));
        await bob.AcknowledgeAsync([page.Items[1].Id]);
        Assert.Equal(["two"], (await bob.ReceiveAsync()).Items.Select(Users.Text));
    }

    [Fact]
    public async Task A_statement_that_waits_too_long_is_given_up_and_the_same_envelope_again_is_put_once()
    {
        await using EmptyDatabase database = server.NewDatabase();
        (PostgreSqlRelay first, _) = await ArrangeAsync(database);
        PostgreSqlRelay impatient = database.NewRelay(options: new() { StatementTimeout = TimeSpan.FromSeconds(1) });
        await using NpgsqlConnection stalled = await database.NewSource().OpenConnectionAsync();
        await using NpgsqlTransaction transaction = await stalled.BeginTransactionAsync();
        await DeliverAsync(stalled, "never");
        OutgoingEnvelope envelope = Users.Envelope("bob", "phone", "once");
        E2EException given = await Assert.ThrowsAsync<E2EException>(() => impatient.Connect(new("alice", "phone")).DeliverAsync([envelope]));
        Assert.Equal(E2EError.RelayUnavailable, given.Reason);
        await transaction.RollbackAsync();
        await impatient.Connect(new("alice", "phone")).DeliverAsync([envelope]);
        await first.Connect(new("alice", "phone")).DeliverAsync([envelope]);
        Assert.Equal(["once"], (await first.Connect(new("bob", "phone")).ReceiveAsync()).Items.Select(Users.Text));
    }

    [Fact]
    public async Task Many_senders_through_both_relays_lose_and_double_nothing_and_ids_rise_as_they_become_visible()
    {
        await using EmptyDatabase database = server.NewDatabase();
        (PostgreSqlRelay first, PostgreSqlRelay second) = await ArrangeAsync(database);
        const int senders = 8;
        const int each = 50;
        Task sending = Task.WhenAll(Enumerable.Range(0, senders).Select(n => Task.Run(async () =>
        {
            IE2ERelay relay = (n % 2 == 0 ? first : second).Connect(new("alice", n < senders / 2 ? "phone" : "laptop"));
            for (int i = 0; i < each; i++)
            {
                OutgoingEnvelope[] both = [Users.Envelope("bob", "phone", $"{n}.{i}"), Users.Envelope("bob", "laptop", $"{n}.{i}")];
                await relay.DeliverAsync(n % 2 == 0 ? both : [.. both.Reverse()]);
            }
        })));
        foreach (string device in (string[])["phone", "laptop"])
        {
            IE2ERelay bob = second.Connect(new("bob", device));
            List<string> got = [];
            long last = 0;
            while (got.Count < senders * each)
            {
                foreach (MailboxItem item in (await bob.ReceiveAsync(wait: s_minute)).Items)
                {
                    Assert.True(item.Id > last, "An id below one that was seen came later.");
                    last = item.Id;
                    got.Add(Users.Text(item));
                    await bob.AcknowledgeAsync([item.Id]);
                }
            }

            Assert.Equal(senders * each, got.Distinct().Count());
            for (int n = 0; n < senders; n++)
            {
                Assert.Equal(Enumerable.Range(0, each).Select(i => $"{n}.{i}"), got.Where(text => text.StartsWith($"{n}.", StringComparison.Ordinal)));
            }
        }

        await sending;
        Assert.Empty((await first.Connect(new("bob", "phone")).ReceiveAsync()).Items);
        Assert.Equal(0, database.Scalar<int>("select sum(items)::integer from pulsemeet_e2e_relay.device"));
        Assert.Equal(0L, database.Scalar<long>("select count(*) from pulsemeet_e2e_relay.share"));
    }

    [Fact]
    public async Task Waiting_calls_go_on_after_the_connection_that_listens_was_cut()
    {
        await using EmptyDatabase database = server.NewDatabase();
        (PostgreSqlRelay first, PostgreSqlRelay second) = await ArrangeAsync(database);
        Task<MailboxPage> waiting = second.Connect(new("bob", "phone")).ReceiveAsync(wait: s_minute);
        await ListeningAsync(database);
        database.Run("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'");
        await first.Connect(new("alice", "phone")).DeliverAsync([Users.Envelope("bob", "phone", "hi")]);
        Assert.Equal("hi", Users.Text(Assert.Single((await waiting).Items)));
    }

    [Fact]
    public async Task Notifications_that_somebody_else_sends_break_nothing()
    {
        await using EmptyDatabase database = server.NewDatabase();
        (PostgreSqlRelay first, PostgreSqlRelay second) = await ArrangeAsync(database);
        Task<MailboxPage> waiting = second.Connect(new("bob", "phone")).ReceiveAsync(wait: s_minute);
        await ListeningAsync(database);
        foreach (string junk in (string[])["", ":", "S", "Sx:", "Sx:m1:", "Sx:m1:!", "Sx:m1:////", "Wx:m,a,m99999999999999999999,,x", "Sx:m1:" + Convert.ToBase64String(new byte[40])])
        {
            database.Run($"notify {Notifications.Channel}, '{junk}'");
        }

        await first.Connect(new("alice", "phone")).DeliverAsync([Users.Envelope("bob", "phone", "hi")]);
        Assert.Equal("hi", Users.Text(Assert.Single((await waiting).Items)));
    }

    private static async Task<(PostgreSqlRelay First, PostgreSqlRelay Second)> ArrangeAsync(EmptyDatabase database)
    {
        (PostgreSqlRelay first, PostgreSqlRelay second) = (database.NewRelay(), database.NewRelay());
        await Users.ListAsync(first, "alice", ["phone", "laptop"]);
        await Users.ListAsync(second, "bob", ["phone", "laptop"]);
        await Users.ListAsync(second, "carol", ["phone"]);
        return (first, second);
    }

    private static async Task DeliverAsync(NpgsqlConnection connection, string content)
    {
        await using var command = new NpgsqlCommand(
            """
            select * from pulsemeet_e2e_relay.deliver('alice', 'laptop', now(), now() - interval '30 days', 10000, 67108864, 0.25,
              '{bob}', '{phone}', array[$1::bytea], array[$2::bytea])
            """,
            connection);
        command.Parameters.Add(new() { Value = Users.Id() });
        command.Parameters.Add(new() { Value = System.Text.Encoding.UTF8.GetBytes(content) });
        await command.ExecuteNonQueryAsync();
    }

    private static async Task WaitingForALockAsync(EmptyDatabase database)
    {
        while (database.Scalar<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 0)
        {
            await Task.Yield();
        }
    }

    private static async Task ListeningAsync(EmptyDatabase database)
    {
        while (database.Scalar<long>("select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen%'") == 0)
        {
            await Task.Yield();
        }
    }
}
