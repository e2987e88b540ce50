using System.Diagnostics;
using System.Globalization;

namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>A relay whose process is killed and started again over the same file, on the same port.</summary>
internal sealed class KilledRelay(string folder) : IDisposable
{
    private Process? _process;

    public Uri? Address { get; private set; }

    /// <summary>What its processes have written down.</summary>
    public string Salts { get; } = Path.Combine(folder, "salts");

    public async Task StartAsync()
    {
        string[] arguments =
        [
            typeof(KilledRelay).Assembly.Location, "relay", Path.Combine(folder, "relay.db"), Salts, (Address?.Port ?? 0).ToString(CultureInfo.InvariantCulture),
        ];
        _process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        string line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The relay has not begun.");
        Address = new Uri(line.Split(' ')[1]);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public void Dispose()
    {
        _process?.Kill();
        _process?.Dispose();
    }
}
