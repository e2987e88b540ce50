using System.Buffers.Binary;
using System.Security.Cryptography;
using PulseMeet.E2E.Http;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.RelayLoad;

/// <summary>One device of one user: sends to others at random, and receives, logs and acknowledges what comes. All over HTTP.</summary>
internal sealed class LoadClient
{
    private readonly int _number;
    private readonly LoadOptions _options;
    private readonly HttpClient _http;
    private readonly Logs _logs;
    private readonly HttpRelay _relay;
    private readonly HashSet<long> _seen = [];
    private readonly HashSet<long> _acknowledged = [];
    private readonly Dictionary<long, long> _idOf = [];
    private string? _token;
    private long _revision;

    public LoadClient(int number, LoadOptions options, HttpClient http, Logs logs)
    {
        (_number, _options, _http, _logs) = (number, options, http, logs);
        _relay = new HttpRelay(
            http, new Uri(options.AddressFor(number), "e2e"), AddressOf(number), new() { AccessToken = TokenAsync }, TimeProvider.System);
    }

    private static DeviceAddress AddressOf(int number) => new($"user{number}", "phone");

    public async Task SignUpAsync()
    {
        using Ed25519KeyPair account = Ed25519KeyPair.Generate();
        using X25519KeyPair identity = X25519KeyPair.Generate();
        using Ed25519KeyPair signing = Ed25519KeyPair.Generate();
        using Ed25519KeyPair mls = Ed25519KeyPair.Generate();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        DeviceCertificate certificate = DeviceCertificate.Issue(
            account, _relay.Caller, identity.PublicKey, signing.PublicKey, mls.PublicKey, now.AddDays(-1), now.AddDays(90));
        byte[] list = DeviceList.Sign(account, [certificate], null, TimeProvider.System).Encode();
        await RepeatAsync(() => Done(_relay.PublishDeviceListAsync(list)));
    }

    public async Task SendAsync(CancellationToken stop)
    {
        for (int i = 0; ; i++)
        {
            await Task.Delay(Random.Shared.Next(2 * _options.Pause + 1), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested)
            {
                return;
            }

            long message = ((long)_number << 32) | (uint)i;
            byte[] content = new byte[_options.Size];
            BinaryPrimitives.WriteInt64BigEndian(content, message);
            long begun = Now();
            BinaryPrimitives.WriteInt64BigEndian(content.AsSpan(8), begun);
            OutgoingEnvelope envelope = new(AddressOf(Random.Shared.Next(_options.Clients)), RandomNumberGenerator.GetBytes(16), content);
            while ((await RepeatAsync(() => _relay.DeliverAsync([envelope])))[0] != DeliveryOutcome.Accepted)
            {
                await Task.Delay(200, CancellationToken.None);
            }

            _logs.Accepted.Add(message, Now() - begun);
        }
    }

    /// <summary>Until it is told to stop and nothing has come any more.</summary>
    public async Task ReceiveAsync(CancellationToken stop)
    {
        while (true)
        {
            bool isLast = stop.IsCancellationRequested;
            MailboxPage page = await RepeatAsync(() => _relay.ReceiveAsync(
                new MailboxRequest(100, TimeSpan.FromSeconds(isLast ? 0 : 10), _revision, [])));
            if (page.Items.Count == 0 && isLast)
            {
                return;
            }

            foreach (MailboxItem item in page.Items)
            {
                Take(item);
            }

            if (page.Items.Count > 0)
            {
                _revision += page.Items.Count;
                long[] ids = [.. page.Items.Select(item => item.Id)];
                await RepeatAsync(() => Done(_relay.AcknowledgeAsync(ids)));
                _acknowledged.UnionWith(ids);
            }
        }
    }

    private void Take(MailboxItem item)
    {
        long message = BinaryPrimitives.ReadInt64BigEndian(item.Content.Span);
        if (_seen.Add(message))
        {
            _idOf[message] = item.Id;
            _logs.Received.Add(message, Now() - BinaryPrimitives.ReadInt64BigEndian(item.Content.Span[8..]));
        }
        else if (_acknowledged.Contains(item.Id) || _idOf[message] != item.Id)
        {
            // After it was acknowledged, or put twice. Before that, a page whose answer was lost comes again, as it should.
            _logs.Doubled.Add(message, 0);
        }
    }

    private async ValueTask<string?> TokenAsync(CancellationToken cancellationToken)
    {
        if (_token is null)
        {
            DeviceAddress self = AddressOf(_number);
            using var form = new FormUrlEncodedContent([new("user", self.UserId), new("device", self.DeviceId)]);
            using HttpResponseMessage answer = await _http.PostAsync(new Uri(_options.AddressFor(_number), "token"), form, cancellationToken);
            _token = await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellationToken);
        }

        return _token;
    }

    /// <summary>Microseconds on the clock that all processes of a machine share.</summary>
    private static long Now() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10;

    private static async Task<bool> Done(Task call)
    {
        await call;
        return true;
    }

    /// <summary>Again, as a device does, until the relay can be reached; with a new token where it was started anew.</summary>
    private async Task<T> RepeatAsync<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception down) when (down is HttpRequestException or E2EException { Reason: E2EError.RelayUnavailable or E2EError.NotAllowed or E2EError.LimitExceeded })
            {
                _token = down is E2EException { Reason: E2EError.NotAllowed } ? null : _token;
                await Task.Delay(100 + Random.Shared.Next(200));
            }
        }
    }
}

/// <summary>What one process of clients writes down.</summary>
internal sealed record Logs(Log Accepted, Log Received, Log Doubled);
