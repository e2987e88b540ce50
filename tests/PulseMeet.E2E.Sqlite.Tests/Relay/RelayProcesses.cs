using System.Diagnostics;
using Microsoft.Data.Sqlite;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Sqlite.Relay;
using PulseMeet.E2E.Tests.Relay;

namespace PulseMeet.E2E.Sqlite.Tests.Relay;

/// <summary>Attack 51, the relay's side on SQLite, with real processes: what a call has answered for outlives the process that answered.</summary>
public sealed class RelayProcesses : IDisposable
{
    private readonly Folder _folder = new();
    private readonly List<Process> _started = [];

    [Fact]
    public async Task Attack_51_relays_that_are_killed_in_the_middle_lose_and_double_nothing_that_was_accepted()
    {
        await ArrangeAsync();
        List<string> accepted = [];
        List<string> received = [];
        for (int kill = 1; kill <= 4; kill++)
        {
            Process relay = Start($"{kill}");
            List<string> said = [];
            while (said.Count < kill * 15)
            {
                said.Add((await relay.StandardOutput.ReadLineAsync())!);
            }

            relay.Kill();
            while (await relay.StandardOutput.ReadLineAsync() is { } line)
            {
                said.Add(line);
            }

            await relay.WaitForExitAsync();
            accepted.AddRange(said);
            received.AddRange(await DrainAsync());
        }

        Assert.Empty(accepted.Except(received));
        Assert.Equal(received.Count, received.Distinct().Count());

        // One delivery of each process may have been stored without its answer having been seen.
        Assert.InRange(received.Count, accepted.Count, accepted.Count + 4);
        Assert.Equal("ok", Scalar("pragma integrity_check"));
    }

    [Fact]
    public async Task Two_processes_on_one_file_and_a_third_that_reads_lose_and_double_nothing()
    {
        await ArrangeAsync();
        Process[] senders = [Start("a"), Start("b")];
        Task<List<string>>[] saying = [.. senders.Select(sender => Task.Run(async () =>
        {
            List<string> said = [];
            while (await sender.StandardOutput.ReadLineAsync() is { } line)
            {
                said.Add(line);
            }

            return said;
        }))];
        List<string> received = [];
        while (received.Count(text => text[0] == 'a') < 40 || received.Count(text => text[0] == 'b') < 40)
        {
            received.AddRange(await DrainAsync());
        }

        Array.ForEach(senders, sender => sender.Kill());
        string[] accepted = [.. (await Task.WhenAll(saying)).SelectMany(said => said)];
        received.AddRange(await DrainAsync());
        Assert.Empty(accepted.Except(received));
        Assert.Equal(received.Count, received.Distinct().Count());
        foreach (char name in "ab")
        {
            int[] numbers = [.. received.Where(text => text[0] == name).Select(text => int.Parse(text[2..], System.Globalization.CultureInfo.InvariantCulture))];
            Assert.Equal(Enumerable.Range(0, numbers.Length), numbers);
        }
    }

    [Fact]
    public async Task A_call_that_waits_hears_of_what_came_through_another_process()
    {
        await ArrangeAsync();
        await using var relay = new SqliteRelay(_folder.Database, TimeProvider.System);
        Task<MailboxPage> waiting = relay.Connect(new("bob", "phone")).ReceiveAsync(new(10, RelayLimits.MaxWait, 0, []));
        Start("other");
        Assert.Equal("other.0", Users.Text((await waiting).Items[0]));
    }

    [Fact]
    public async Task A_file_of_another_program_or_of_a_later_version_is_left_alone()
    {
        await ArrangeAsync();
        Scalar("pragma user_version = 99");
        Assert.Contains("99", Assert.Throws<InvalidOperationException>(() => new SqliteRelay(_folder.Database, TimeProvider.System)).Message, StringComparison.Ordinal);
        string other = Path.Combine(_folder.Path, "other.db");
        await using (var store = new SqliteStore(other))
        {
            using Keys.MasterKey key = Program.Key();
            await using Storage.SealedStore opened = await Filled.OpenAsync(store, key);
        }

        byte[] before = await File.ReadAllBytesAsync(other);
        Assert.Throws<InvalidOperationException>(() => new SqliteRelay(other, TimeProvider.System));
        Assert.Equal(before, await File.ReadAllBytesAsync(other));
    }

    [Fact]
    public async Task A_call_that_was_cancelled_before_its_turn_does_nothing_and_a_closed_relay_says_so()
    {
        await ArrangeAsync();
        var relay = new SqliteRelay(_folder.Database, TimeProvider.System);
        IE2ERelay alice = relay.Connect(new("alice", "phone"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => alice.DeliverAsync([Users.Envelope("bob", "phone", "never")], new CancellationToken(canceled: true)));
        await relay.DisposeAsync();
        await relay.DisposeAsync();
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => alice.GetDeviceListAsync("bob"))).Reason);
        Assert.Empty(await DrainAsync());
    }

    public void Dispose()
    {
        foreach (Process process in _started)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        _folder.Dispose();
    }

    private async Task ArrangeAsync()
    {
        await using var relay = new SqliteRelay(_folder.Database, TimeProvider.System);
        await Users.ListAsync(relay, "alice", ["phone"]);
        await Users.ListAsync(relay, "bob", ["phone"]);
    }

    /// <summary>Reads and acknowledges all that bob has, with a relay of this process.</summary>
    private async Task<List<string>> DrainAsync()
    {
        await using var relay = new SqliteRelay(_folder.Database, TimeProvider.System);
        IE2ERelay bob = relay.Connect(new("bob", "phone"));
        List<string> received = [];
        while ((await bob.ReceiveAsync(new(1000, TimeSpan.Zero, 0, []))).Items is { Count: > 0 } items)
        {
            received.AddRange(items.Select(Users.Text));
            await bob.AcknowledgeAsync([.. items.Select(item => item.Id)]);
        }

        return received;
    }

    private object? Scalar(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=false");
        connection.Open();
        using var command = new SqliteCommand(sql, connection);
        return command.ExecuteScalar();
    }

    private Process Start(string name)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (string argument in new[] { "exec", typeof(Program).Assembly.Location, "deliver", _folder.Database, name })
        {
            start.ArgumentList.Add(argument);
        }

        Process process = Process.Start(start)!;
        _started.Add(process);
        return process;
    }
}
