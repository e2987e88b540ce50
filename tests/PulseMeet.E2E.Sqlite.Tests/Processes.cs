using System.Diagnostics;
using System.Globalization;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Sqlite.Tests;

/// <summary>Attacks 51 and 52 with real processes.</summary>
public sealed class Processes : IDisposable
{
    private readonly Folder _folder = new();
    private readonly MasterKey _key = Program.Key();
    private readonly List<Process> _started = [];

    [Fact]
    public async Task A_second_process_is_kept_out_by_a_clear_error_and_gets_the_store_when_the_first_is_killed()
    {
        Process first = Start("hold");
        Assert.Equal("open 0", await first.StandardOutput.ReadLineAsync());
        await using var file = new SqliteStore(_folder.Database);

        E2EException refusal = await Assert.ThrowsAsync<E2EException>(() => Filled.OpenAsync(file, _key));
        Assert.Equal(E2EError.StoreInUse, refusal.Reason);
        Assert.Contains("child", refusal.Message, StringComparison.Ordinal);

        first.Kill();
        await first.WaitForExitAsync();
        await using SealedStore store = await Filled.OpenAsync(file, _key);
        await Filled.CommitAsync(store, 1);
    }

    [Fact]
    public async Task A_living_process_that_is_asked_hands_the_store_over_and_knows_it()
    {
        Process first = Start("hold");
        Assert.Equal("open 0", await first.StandardOutput.ReadLineAsync());
        await using var file = new SqliteStore(_folder.Database, new SqliteStoreOptions { HandoverTimeout = TimeSpan.FromMinutes(2) });

        await using SealedStore store = await Filled.OpenAsync(file, _key, handover: true);

        Assert.Equal("lost", await first.StandardOutput.ReadLineAsync());
        await first.WaitForExitAsync();
        Assert.Equal(0, first.ExitCode);
        await Filled.CommitAsync(store, 1);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*-wanted"));
    }

    [Fact]
    public async Task A_process_that_does_not_answer_keeps_the_store_and_whoever_asked_is_told()
    {
        await using var holder = new SqliteStore(_folder.Database);
        using (LockFile locked = LockFile.TryTake(_folder.Database)!)
        {
            // A holder that is suspended: the lock without anybody who looks.
            await using var file = new SqliteStore(_folder.Database, new SqliteStoreOptions { HandoverTimeout = TimeSpan.FromMilliseconds(50) });
            Assert.Equal(E2EError.StoreInUse, await Filled.RefusalAsync(() => Filled.OpenAsync(file, _key, handover: true)));
            Assert.Empty(Directory.GetFiles(_folder.Path, "*-wanted"));
        }

        await using SealedStore store = await Filled.OpenAsync(holder, _key);
    }

    [Fact]
    public async Task A_process_that_is_killed_in_the_middle_of_writing_loses_no_batch_that_was_answered()
    {
        int last = 0;
        for (int kill = 1; kill <= 5; kill++)
        {
            Process writer = Start("write");
            Assert.Equal($"open {last}", await writer.StandardOutput.ReadLineAsync());
            int answered = last;
            while (answered < last + (kill * 7))
            {
                answered = int.Parse((await writer.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
            }

            writer.Kill();
            while (await writer.StandardOutput.ReadLineAsync() is { } line)
            {
                answered = int.TryParse(line, CultureInfo.InvariantCulture, out int n) ? n : answered;
            }

            await writer.WaitForExitAsync();
            int found = await Filled.CheckAsync(_folder.Database, _key);
            Assert.InRange(found, answered, answered + 1);
            last = found;
        }
    }

    public void Dispose()
    {
        foreach (Process process in _started)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        _key.Dispose();
        _folder.Dispose();
    }

    private Process Start(string what)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
        };
        foreach (string argument in new[] { "exec", typeof(Program).Assembly.Location, what, _folder.Database })
        {
            start.ArgumentList.Add(argument);
        }

        Process process = Process.Start(start)!;
        _started.Add(process);
        return process;
    }
}
