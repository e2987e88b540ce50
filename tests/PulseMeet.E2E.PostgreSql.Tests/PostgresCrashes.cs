using System.Collections.Concurrent;
using PulseMeet.E2E.PostgreSql.Relay;
using PulseMeet.E2E.PostgreSql.Tests.Support;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Tests.Relay;

namespace PulseMeet.E2E.PostgreSql.Tests;

/// <summary>Attack 51, the relay's side: what a call has answered for outlives the database's crash.</summary>
public sealed class PostgresCrashes
{
    [Fact]
    public async Task Attack_51_what_was_accepted_arrives_although_PostgreSQL_crashes_three_times()
    {
        using var server = new EmptyPostgres(isShared: false);
        await using EmptyDatabase database = server.NewDatabase();
        PostgreSqlRelay[] relays = [database.NewRelay(), database.NewRelay()];
        await Users.ListAsync(relays[0], "alice", ["phone"]);
        await Users.ListAsync(relays[0], "bob", ["phone"]);
        using var stop = new CancellationTokenSource();
        ConcurrentBag<string> accepted = [];
        Task[] sending = [.. Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
        {
            IE2ERelay alice = relays[n % 2].Connect(new("alice", "phone"));
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                OutgoingEnvelope envelope = Users.Envelope("bob", "phone", $"{n}.{i}");
                Assert.Equal([DeliveryOutcome.Accepted], await Until(() => alice.DeliverAsync([envelope])));
                accepted.Add($"{n}.{i}");
            }
        }))];
        HashSet<string> received = [];
        Task receiving = Task.Run(async () =>
        {
            IE2ERelay bob = relays[1].Connect(new("bob", "phone"));
            while (true)
            {
                MailboxPage page = await Until(() => bob.ReceiveAsync(wait: TimeSpan.FromSeconds(1)));
                if (page.Items.Count == 0 && sending.All(task => task.IsCompleted))
                {
                    return;
                }

                received.UnionWith(page.Items.Select(Users.Text));
                await Until(async () =>
                {
                    await bob.AcknowledgeAsync([.. page.Items.Select(item => item.Id)]);
                    return true;
                });
            }
        });
        for (int crash = 0; crash < 3; crash++)
        {
            int before = accepted.Count;
            while (accepted.Count < before + 50)
            {
                await Task.Yield();
            }

            server.Crash();
        }

        await stop.CancelAsync();
        await Task.WhenAll(sending);
        await receiving;
        Assert.Empty(accepted.Except(received));
        Assert.Equal(received.Count, accepted.Count);
        Assert.Equal(0, database.Scalar<int>("select sum(items)::integer from pulsemeet_e2e_relay.device"));
    }

    /// <summary>Again, as a device does, until the relay can be reached.</summary>
    private static async Task<T> Until<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (E2EException down) when (down.Reason == E2EError.RelayUnavailable)
            {
                await Task.Yield();
            }
        }
    }
}
