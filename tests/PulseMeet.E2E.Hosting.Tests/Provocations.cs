using Microsoft.Extensions.DependencyInjection;
using Monitoring;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Hosting.Tests;

/// <summary>What alerts are about, done to the running sample. Where there is nothing in the sample that it could be done to (a database, a
/// certificate that ends), the app says so.</summary>
internal sealed class Provocations(IServiceProvider services, ManualClock clock)
{
    private readonly TwoClients _clients = services.GetRequiredService<TwoClients>();
    private readonly UnreliableRelayServer _relay = services.GetRequiredService<UnreliableRelayServer>();
    private readonly ChatAccount _bob = services.GetRequiredKeyedService<ChatAccount>("bob");
    private readonly OperatorFacts _facts = services.GetRequiredService<OperatorFacts>();

    private IE2ERelay Mailbox => _relay.Connect(_bob.Address);

    public Task CauseAsync(HealthAlert alert)
    {
        switch (alert)
        {
            case HealthAlert.OpeningFailuresRising:
                return DamageAsync(20);
            case HealthAlert.PreKeysRunningOut:
                return DrawPreKeysAsync(20);
            case HealthAlert.StoreRolledBack:
                return PutBackAsync();
            case HealthAlert.RelayUnreachable:
                return TakeRelayAwayAsync();
            case HealthAlert.CertificateEnding:
                _facts.Known = new() { CertificateEnds = clock.GetUtcNow().AddDays(1) };
                return Task.CompletedTask;
            case HealthAlert.PlaintextKeys:
                _facts.Known = new() { PlaintextKeys = 3 };
                return Task.CompletedTask;
            case HealthAlert.MigrationFailures:
                _facts.Known = new() { MigrationTried = 100, MigrationFailed = 6 };
                return Task.CompletedTask;
            default:
                throw new ArgumentOutOfRangeException(nameof(alert));
        }
    }

    /// <summary>The relay forgets a message, and the next one shows it.</summary>
    public Task LoseAsync() => _clients.AloneAsync(
        async () =>
        {
            await WriteAsync(1);
            await Mailbox.AcknowledgeAsync([.. (await InMailboxAsync()).Select(item => item.Id)]);
            await WriteAsync(1);
            await SettleAsync();
            clock.Advance(TimeSpan.FromMinutes(2));
            await SettleAsync();
        },
        CancellationToken.None);

    /// <summary>Somebody changes messages on the way. The true ones come afterwards.</summary>
    public Task DamageAsync(int messages) => _clients.AloneAsync(
        async () =>
        {
            await SettleAsync();
            await WriteAsync(messages);
            IReadOnlyList<MailboxItem> items = await InMailboxAsync();
            Assert.Equal(messages, items.Count);
            await _clients.Bob.PushAsync([.. items.Select(Damaged)]);
            await SettleAsync();
        },
        CancellationToken.None);

    public Task TakeRelayAwayAsync() => _clients.AloneAsync(
        async () =>
        {
            await SettleAsync();
            _relay.IsHonest = false;
            E2EException refused = await Assert.ThrowsAsync<E2EException>(() => _clients.SynchronizeAsync(CancellationToken.None));
            Assert.Equal(E2EError.RelayUnavailable, refused.Reason);
        },
        CancellationToken.None);

    public Task BringRelayBackAsync() => _clients.AloneAsync(
        async () =>
        {
            _relay.IsHonest = true;
            await SettleAsync();
        },
        CancellationToken.None);

    public Task FindAtBobsAsync(string text) => _clients.AloneAsync(() => FindAsync(_clients.Bob, text), CancellationToken.None);

    public Task SayToBobAsync(string text) => SayAsync(_clients.Alice, "bob", _clients.Bob, text);

    public Task SayToAliceAsync(string text) => SayAsync(_clients.Bob, "alice", _clients.Alice, text);

    private static MailboxItem Damaged(MailboxItem item)
    {
        byte[] content = item.Content.ToArray();
        content[^1] ^= 1;
        return item with { Id = 0, Content = content };
    }

    /// <summary>Bob's device comes back with an older copy of its store.</summary>
    private async Task PutBackAsync()
    {
        InMemoryStore before = _bob.Store.Copy();
        for (int i = 0; i < 3; i++)
        {
            await _clients.TalkAsync(CancellationToken.None);
        }

        await _clients.AloneAsync(
            async () =>
            {
                await _clients.ReopenBobAsync(_bob, before);
                await SettleAsync();
            },
            CancellationToken.None);
    }

    /// <summary>A stranger draws Bob's prekeys; his client sees it when it starts the next time.</summary>
    private Task DrawPreKeysAsync(int count) => _clients.AloneAsync(
        async () =>
        {
            IE2ERelay stranger = _relay.Connect(new DeviceAddress("carol", "phone"));
            for (int i = 0; i < count; i++)
            {
                await stranger.ClaimBundlesAsync("bob", []);
            }

            await _clients.ReopenBobAsync(_bob, _bob.Store);
            await _clients.Bob.SynchronizeAsync();
        },
        CancellationToken.None);

    private Task SayAsync(E2EClient from, string user, E2EClient to, string text) => _clients.AloneAsync(
        async () =>
        {
            await from.SendAsync(user, MessageContent.Text(text));
            await SettleAsync();
            await FindAsync(to, text);
        },
        CancellationToken.None);

    /// <summary>Reads until the text is there; where it does not come, that is cancelled in the end.</summary>
    private static async Task FindAsync(E2EClient reader, string text)
    {
        using var tooLong = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await foreach (E2EEvent happened in reader.ReadEventsAsync(tooLong.Token))
        {
            if (happened is MessageReceived { Content: TextContent said } && said.Value == text)
            {
                break;
            }
        }
    }

    private async Task WriteAsync(int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            await _clients.Alice.SendAsync("bob", MessageContent.Text("on the way"));
        }

        await _clients.Alice.SynchronizeAsync();
    }

    private async Task<IReadOnlyList<MailboxItem>> InMailboxAsync() =>
        (await Mailbox.ReceiveAsync(new MailboxRequest(100, TimeSpan.Zero, 0, []))).Items;

    private async Task SettleAsync()
    {
        for (int i = 0; i < 4; i++)
        {
            await _clients.SynchronizeAsync(CancellationToken.None);
        }
    }
}
