using System.Diagnostics;
using System.Globalization;

namespace PulseMeet.E2E.RelayLoad;

/// <summary>samples/Relay as a process on a port of its own, which is killed and started again.</summary>
internal sealed class RelayProcess : IDisposable
{
    private readonly string[] _arguments;
    private Process? _process;

    public RelayProcess(LoadOptions options, int number)
    {
        string port = (options.Port + number).ToString(CultureInfo.InvariantCulture);
        _arguments =
        [
            "exec", Path.Combine(AppContext.BaseDirectory, "Relay.dll"), "--urls", $"http://127.0.0.1:{port}", "--Logging:LogLevel:Default", "Error",
            .. options.Sqlite.Length > 0 ? (string[])["--sqlite", options.Sqlite] : ["--postgres", options.Postgres, "--media", options.Folder],
        ];
        _process = Start();
    }

    /// <summary>The most memory that it was seen to hold, in bytes.</summary>
    public long Peak { get; private set; }

    /// <summary>The processor's time of this and the earlier processes.</summary>
    public TimeSpan Worked { get; private set; }

    public void Look()
    {
        _process!.Refresh();
        Peak = Math.Max(Peak, _process.HasExited ? 0 : _process.WorkingSet64);
    }

    /// <summary>SIGKILL, and a new process on the same port.</summary>
    public void Restart()
    {
        Kill();
        _process = Start();
    }

    public void Dispose() => Kill();

    private void Kill()
    {
        if (_process is not null)
        {
            _process.Refresh();
            Worked += _process.HasExited ? TimeSpan.Zero : _process.TotalProcessorTime;
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
            _process = null;
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo("dotnet");
        Array.ForEach(_arguments, start.ArgumentList.Add);
        return Process.Start(start)!;
    }
}
