using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.AspNetCore.Tests;

/// <summary>Every rule of docs/protocol-relay.md holds over HTTP, on Kestrel, with the client of PulseMeet.E2E.Http.</summary>
public sealed class HttpConformance
{
    public static TheoryData<string> Rules => [.. RelayConformance.Checks.Select(check => check.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task The_relay_over_HTTP_keeps(string rule)
    {
        await using RelayHost host = await RelayHost.StartAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await RelayConformance.Checks.Single(check => check.Name == rule)
            .RunAsync(new(host, host, host.Clock), patience.Token);
    }
}
