using System.Security.Cryptography;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Tests.Postgres;
using PulseMeet.E2E.Tests.Relay;

namespace PulseMeet.E2E.AspNetCore.Tests;

/// <summary>samples/Relay as an operator starts it: it is killed in the middle of its work, and started again.</summary>
public sealed class TheSampleRelay : IDisposable
{
    private static readonly DeviceAddress s_alice = new("alice", "phone");
    private static readonly DeviceAddress s_bob = new("bob", "phone");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pulsemeet-sample-");

    [Fact]
    public async Task Killed_and_started_again_on_a_SQLite_file_it_has_lost_and_doubled_nothing() =>
        await KillAsync("--sqlite", Path.Combine(_folder.FullName, "relay.db"));

    [Fact]
    public async Task Killed_and_started_again_on_PostgreSQL_it_has_lost_and_doubled_nothing()
    {
        using var postgres = new PostgresCluster();
        string database = postgres.Create();
        await KillAsync("--postgres", database, "--media", _folder.FullName);
        postgres.Drop(database);
    }

    [Fact]
    public async Task In_memory_it_serves_and_begins_anew_when_it_is_started_again()
    {
        using (SampleRelay relay = await SampleRelay.StartAsync())
        {
            await ArrangeAsync(relay);
            await relay.Connect(s_alice).DeliverAsync([Users.Envelope("bob", "phone", "hi")]);
            Assert.Equal("hi", Users.Text(Assert.Single((await LookAsync(relay)).Items)));
        }

        using SampleRelay again = await SampleRelay.StartAsync();
        Assert.Null(await again.Connect(s_alice).GetDeviceListAsync("bob"));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task KillAsync(params string[] store)
    {
        byte[] mediaId = Users.Id();
        byte[] media = RandomNumberGenerator.GetBytes(300_000);
        HashSet<string> accepted = [];
        List<string> received = [];
        using (SampleRelay relay = await SampleRelay.StartAsync(store))
        {
            await ArrangeAsync(relay);
            await relay.Connect(s_alice).PutRecoveryCopyAsync(new byte[] { 7 });
            await relay.Media(s_alice).BeginPutAsync(mediaId, media.Length);
            await relay.Media(s_alice).PutAsync(mediaId, 0, media);
        }

        for (int kill = 0; kill < 3; kill++)
        {
            using SampleRelay relay = await SampleRelay.StartAsync(store);
            Task<List<string>>[] sending = [.. Enumerable.Range(0, 4).Select(sender => SendAsync(relay, $"{kill}.{sender}"))];

            // Some are read and acknowledged before the kill, some after the next start.
            while (received.Count < 40 * (kill + 1))
            {
                received.AddRange(await DrainOnceAsync(relay));
            }

            relay.Kill();
            accepted.UnionWith((await Task.WhenAll(sending)).SelectMany(sent => sent));
        }

        using SampleRelay last = await SampleRelay.StartAsync(store);
        while (await DrainOnceAsync(last) is { Count: > 0 } rest)
        {
            received.AddRange(rest);
        }

        Assert.Empty(accepted.Except(received));
        Assert.Equal(received.Count, received.Distinct().Count());
        Assert.Equal([7], await last.Connect(s_alice).GetRecoveryCopyAsync());
        byte[] read = new byte[media.Length];
        Assert.Equal(media.Length, await last.Media(s_bob).GetAsync(mediaId, 0, read));
        Assert.Equal(media, read);
    }

    private static async Task ArrangeAsync(SampleRelay relay)
    {
        await Users.ListAsync(relay, "alice", ["phone"]);
        await Users.ListAsync(relay, "bob", ["phone"]);
    }

    /// <summary>Sends until the relay is gone. What it was told to have been accepted.</summary>
    private static async Task<List<string>> SendAsync(SampleRelay relay, string name)
    {
        List<string> accepted = [];
        IE2ERelay alice = relay.Connect(s_alice);
        for (int i = 0; ; i++)
        {
            try
            {
                DeliveryOutcome outcome = (await alice.DeliverAsync([Users.Envelope("bob", "phone", $"{name}.{i}")]))[0];
                Assert.Equal(DeliveryOutcome.Accepted, outcome);
                accepted.Add($"{name}.{i}");
            }
            catch (E2EException gone) when (gone.Reason is E2EError.RelayUnavailable or E2EError.LimitExceeded)
            {
                // Killed, or the sample's rate for one user is reached.
                return accepted;
            }
        }
    }

    private static async Task<List<string>> DrainOnceAsync(SampleRelay relay)
    {
        MailboxPage page = await LookAsync(relay);
        if (page.Items.Count > 0)
        {
            await relay.Connect(s_bob).AcknowledgeAsync([.. page.Items.Select(item => item.Id)]);
        }

        return [.. page.Items.Select(Users.Text)];
    }

    private static Task<MailboxPage> LookAsync(SampleRelay relay) => relay.Connect(s_bob).ReceiveAsync(new(100, TimeSpan.FromSeconds(1), 0, []));
}
