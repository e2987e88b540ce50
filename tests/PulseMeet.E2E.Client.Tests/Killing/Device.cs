using System.Diagnostics;
using System.Globalization;
using PulseMeet.E2E.Client.Tests.Power;

namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>A device whose process is killed and started again over the same file, and all that it ever said.</summary>
/// <param name="user">Whose it is.</param>
/// <param name="peer">To whom it writes.</param>
/// <param name="machine">What it runs on.</param>
/// <param name="relay">The relay's address.</param>
/// <param name="durability">Its store's.</param>
internal sealed class Device(string user, string peer, Machine machine, Uri relay, SqliteDurability durability) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<(int Life, string[] Words)> _said = [];
    private Process? _process;
    private Task _listening = Task.CompletedTask;
    private TaskCompletionSource _saidMore = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string User => user;

    public Machine Machine => machine;

    /// <summary>How often it was started.</summary>
    public int Life { get; private set; }

    /// <summary>How often it was told to say something, in this life.</summary>
    public int ToSay { get; private set; }

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
        Life++;
        ToSay = 0;
        int number = 1 + Said.Where(line => line.Words[0] == "sending").Select(Number).DefaultIfEmpty(0).Max();
        string[] arguments =
        [
            typeof(Device).Assembly.Location, "device", user, peer, Path.Combine(machine.Folder, "store.db"), relay.ToString(),
            number.ToString(CultureInfo.InvariantCulture), durability.ToString(),
        ];
        _process = Process.Start(machine.On(new("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true }))!;
        _listening = ListenAsync(_process, Life);
    }

    public void Tell(string command)
    {
        ToSay += command == "say" ? 1 : 0;
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

    /// <summary>Lets it end by itself, as an app does that is closed.</summary>
    public async Task CloseAsync()
    {
        _process!.StandardInput.Close();
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
