using System.Diagnostics;
using System.Globalization;

namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>A device whose process is killed and started again over the same file, and all that it ever said.</summary>
internal sealed class Device(string user, string peer, string database, Uri relay) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<(int Life, string[] Words)> _said = [];
    private Process? _process;
    private Task _listening = Task.CompletedTask;
    private TaskCompletionSource _saidMore = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _life;

    public string User => user;

    /// <summary>What it said in all its lives: the life and the words.</summary>
    public IReadOnlyList<(int Life, string[] Words)> Said
    {
        get
        {
            lock (_lock)
            {
                return [.. _said];
            }
        }
    }

    public void Start()
    {
        _life++;
        int number = 1 + Said.Where(line => line.Words[0] == "sending").Select(Number).DefaultIfEmpty(0).Max();
        string[] arguments =
        [
            typeof(Device).Assembly.Location, "device", user, peer, database, relay.ToString(), number.ToString(CultureInfo.InvariantCulture),
        ];
        _process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _listening = ListenAsync(_process, _life);
    }

    public void Tell(string command)
    {
        _process!.StandardInput.WriteLine(command);
        _process.StandardInput.Flush();
    }

    /// <summary>Waits until it has said something, of all its lives, so often.</summary>
    public async Task HeardAsync(Func<IReadOnlyList<(int Life, string[] Words)>, bool> isEnough, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more = Volatile.Read(ref _saidMore).Task;
            if (isEnough(Said))
            {
                return;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        await _listening;
        _process.Dispose();
        _process = null;
    }

    public void Dispose()
    {
        _process?.Kill();
        _process?.Dispose();
    }

    private static int Number((int Life, string[] Words) line) => int.Parse(line.Words[1], CultureInfo.InvariantCulture);

    private async Task ListenAsync(Process process, int life)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            lock (_lock)
            {
                _said.Add((life, line.Split(' ', 3)));
            }

            Interlocked.Exchange(ref _saidMore, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }
}
