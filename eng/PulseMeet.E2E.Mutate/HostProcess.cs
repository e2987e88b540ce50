using System.Diagnostics;

namespace PulseMeet.E2E.Mutate;

/// <summary>A child that runs tests; what hangs or crashes under a change ends with it.</summary>
internal sealed class HostProcess : IDisposable
{
    private readonly Process _process;

    private HostProcess(Process process) => _process = process;

    public static async Task<HostProcess> StartAsync(string bin, string filter, int active)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = bin };
        foreach (string argument in new[]
            {
                "exec", "--runtimeconfig", "PulseMeet.E2E.Tests.runtimeconfig.json", "--depsfile", "PulseMeet.E2E.Tests.deps.json",
                "PulseMeet.E2E.Mutate.dll", "host", "PulseMeet.E2E.Tests.dll", filter, $"{active}",
            })
        {
            start.ArgumentList.Add(argument);
        }

        var host = new HostProcess(Process.Start(start)!);
        host._process.ErrorDataReceived += (_, _) => { };
        host._process.BeginErrorReadLine();
        if (await host.AnswerAsync(TimeSpan.FromMinutes(3)) is not { } ready || !ready.StartsWith("ready", StringComparison.Ordinal))
        {
            host.Dispose();
            throw new InvalidOperationException("The tests do not load.");
        }

        return host;
    }

    public async Task AskAsync(string question)
    {
        await _process.StandardInput.WriteLineAsync(question);
        await _process.StandardInput.FlushAsync();
    }

    /// <returns>Null where the child has ended or does not answer in time.</returns>
    public async Task<string?> AnswerAsync(TimeSpan limit)
    {
        try
        {
            return await _process.StandardOutput.ReadLineAsync().WaitAsync(limit);
        }
        catch (Exception exception) when (exception is TimeoutException or IOException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.WaitForExit();
        _process.Dispose();
    }
}
