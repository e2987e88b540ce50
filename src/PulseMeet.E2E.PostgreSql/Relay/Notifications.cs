using System.Data.Common;
using System.Security.Cryptography;
using Npgsql;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql.Relay;

/// <summary>Tells the other relays on this database that somebody has something new, and hears it from them, over one connection
/// that listens for all waiting calls.</summary>
/// <remarks>
/// A notification goes out after its transaction has been committed, by itself: PostgreSQL takes one lock for all transactions
/// that notify, which would put every delivery of every relay into one queue. One that is lost costs time only, since waiting
/// calls look by themselves, too. Those of many deliveries go together while one is under way. Thread-safe.
/// </remarks>
internal sealed class Notifications : IAsyncDisposable
{
    public const string Channel = "pulsemeet_e2e_relay";

    private const int MaxPayload = 7900;
    private static readonly TimeSpan s_reconnect = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_aliveCheck = TimeSpan.FromSeconds(30);

    private readonly RelayDatabase _database;
    private readonly string _self = RandomNumberGenerator.GetHexString(16);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private HashSet<Topic> _pending = [];
    private Task? _listening;
    private Task _telling = Task.CompletedTask;
    private bool _isTelling;
    private bool _isDisposed;
    private volatile bool _isListening;

    public Notifications(RelayDatabase database) => _database = database;

    public Waiters Waiters { get; } = new();

    /// <summary>Whether other relays' notifications arrive now.</summary>
    public bool IsListening => _isListening;

    /// <summary>Begins to listen, where that has not begun yet.</summary>
    public void Listen()
    {
        lock (_lock)
        {
            _listening ??= Task.Run(ListenAsync);
        }
    }

    /// <summary>Wakes this relay's calls, and soon the other relays'.</summary>
    public void Tell(IEnumerable<Topic> topics)
    {
        lock (_lock)
        {
            foreach (Topic topic in topics)
            {
                Waiters.Wake(topic);
                _pending.Add(topic);
            }

            if (!_isTelling && _pending.Count > 0 && !_stop.IsCancellationRequested)
            {
                _isTelling = true;
                _telling = Task.Run(TellAsync);
            }
        }
    }

    /// <summary>The text of a signal's notification, behind which the recipient's number is put in.</summary>
    public string SignalPrefix => $"S{_self}:";

    public async ValueTask DisposeAsync()
    {
        Task? listening;
        Task telling;
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            (listening, telling) = (_listening, _telling);
        }

        await _stop.CancelAsync().ConfigureAwait(false);

        await Task.WhenAll(listening ?? Task.CompletedTask, telling).ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task TellAsync()
    {
        while (true)
        {
            HashSet<Topic> topics;
            lock (_lock)
            {
                if (_pending.Count == 0 || _stop.IsCancellationRequested)
                {
                    _isTelling = false;
                    return;
                }

                (topics, _pending) = (_pending, []);
            }

            try
            {
                foreach (string payload in Payloads(topics))
                {
                    await _database.RunAsync(
                        "select pg_notify($1, $2)", _stop.Token, Parameters.Text(Channel), Parameters.Text(payload)).ConfigureAwait(false);
                }
            }
            catch (Exception failed) when (failed is E2EException or OperationCanceledException)
            {
                // The others look by themselves.
            }
        }
    }

    private IEnumerable<string> Payloads(IEnumerable<Topic> topics)
    {
        string prefix = $"W{_self}:";
        var payload = new System.Text.StringBuilder(prefix);
        foreach (Topic topic in topics)
        {
            string text = topic.ToString();
            if (payload.Length + text.Length + 1 > MaxPayload)
            {
                yield return payload.ToString();
                payload.Clear().Append(prefix);
            }

            payload.Append(text).Append(',');
        }

        yield return payload.ToString();
    }

    private async Task ListenAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using NpgsqlConnection connection = await _database.Source.OpenConnectionAsync(_stop.Token).ConfigureAwait(false);
                connection.Notification += (_, notification) => Hear(notification.Payload);
                await connection.RunAsync($"listen {Channel}", _stop.Token).ConfigureAwait(false);
                _isListening = true;
                Waiters.WakeAll();
                while (true)
                {
                    if (!await connection.WaitAsync(s_aliveCheck, _stop.Token).ConfigureAwait(false))
                    {
                        await connection.ScalarAsync("select 1", _stop.Token).ConfigureAwait(false);
                    }
                }
            }
            catch (Exception failed) when (failed is DbException or OperationCanceledException or IOException or ObjectDisposedException)
            {
                _isListening = false;
            }

            await Task.Delay(s_reconnect, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Hear(string payload)
    {
        int colon = payload.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || payload[1..colon] == _self)
        {
            return;
        }

        string rest = payload[(colon + 1)..];
        if (payload[0] == 'S')
        {
            int second = rest.IndexOf(':', StringComparison.Ordinal);
            if (second > 0 && Topic.Parse(rest.AsSpan(0, second)) is { } recipient && SignalPayload.Read(rest[(second + 1)..]) is { } signal)
            {
                Waiters.Signal(recipient, signal);
            }

            return;
        }

        foreach (Range part in rest.AsSpan().Split(','))
        {
            if (Topic.Parse(rest.AsSpan()[part]) is { } topic)
            {
                Waiters.Wake(topic);
            }
        }
    }
}
