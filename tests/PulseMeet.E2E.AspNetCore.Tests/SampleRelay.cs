using System.Diagnostics;
using PulseMeet.E2E.Http;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore.Tests;

/// <summary>samples/Relay as a process of its own, on a port that the system chose, and clients of it.</summary>
internal sealed class SampleRelay : IE2ERelayServer, IDisposable
{
    private const string Listening = "Now listening on: ";

    private readonly Process _process;
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromMinutes(3) };
    private readonly Uri _address;

    private SampleRelay(Process process, Uri address)
    {
        _process = process;
        _address = address;
    }

    public static async Task<SampleRelay> StartAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        string[] all = ["exec", Path.Combine(AppContext.BaseDirectory, "Relay.dll"), "--urls", "http://127.0.0.1:0", .. arguments];
        Array.ForEach(all, start.ArgumentList.Add);
        Process process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            int at = line.IndexOf(Listening, StringComparison.Ordinal);
            if (at >= 0)
            {
                // What it says later is read and dropped, so that it never waits for a reader.
                _ = process.StandardOutput.ReadToEndAsync();
                return new(process, new Uri(line[(at + Listening.Length)..].Trim()));
            }
        }

        await process.WaitForExitAsync();
        throw new InvalidOperationException($"The relay ended with {process.ExitCode} before it listened.");
    }

    public IE2ERelay Connect(DeviceAddress caller) => new HttpRelay(_client, new Uri(_address, "e2e"), caller, OptionsFor(caller), TimeProvider.System);

    public IMediaStore Media(DeviceAddress caller) => new HttpMediaStore(_client, new Uri(_address, "e2e"), OptionsFor(caller), TimeProvider.System);

    public Task CleanUpAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException("The process does it by itself.");

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
        _client.Dispose();
    }

    /// <summary>As an app gets a token for its user: asked for once.</summary>
    private HttpRelayOptions OptionsFor(DeviceAddress caller)
    {
        var token = new Lazy<Task<string>>(async () =>
        {
            using var form = new FormUrlEncodedContent([new("user", caller.UserId), new("device", caller.DeviceId)]);
            using HttpResponseMessage answer = await _client.PostAsync(new Uri(_address, "token"), form);
            answer.EnsureSuccessStatusCode();
            return await answer.Content.ReadAsStringAsync();
        });
        return new() { AccessToken = async _ => await token.Value, FirstPause = TimeSpan.FromMilliseconds(10), LongestPause = TimeSpan.FromMilliseconds(10) };
    }
}
