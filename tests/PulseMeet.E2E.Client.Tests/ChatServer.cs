using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PulseMeet.E2E.AspNetCore;

namespace PulseMeet.E2E.Client.Tests;

/// <summary>A relay on Kestrel, on a port of this machine that the system chose.</summary>
internal sealed class ChatServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ChatServer(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/e2e");
    }

    public Uri Address { get; }

    /// <param name="services">Registers what is to be another than usual.</param>
    /// <param name="port">The port; 0 for one that the system chooses.</param>
    public static async Task<ChatServer> StartAsync(Action<IServiceCollection>? services = null, int port = 0)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Services.AddAuthentication("Test").AddScheme<AuthenticationSchemeOptions, TestAuthentication>("Test", null);
        builder.Services.AddAuthorization();
        services?.Invoke(builder.Services);
        builder.Services.AddE2ERelay(options => options.CallsPerMinute = 1_000_000);
        WebApplication app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapE2ERelay("/e2e").RequireAuthorization();
        await app.StartAsync();
        return new ChatServer(app);
    }

    /// <summary>What the app's own authentication gives a device.</summary>
    public static Func<CancellationToken, ValueTask<string?>> TokensOf(string userId, string deviceId) =>
        _ => ValueTask.FromResult<string?>($"{userId}.{deviceId}");

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private sealed class TestAuthentication(
        IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            string[]? names = AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out AuthenticationHeaderValue? header)
                ? header.Parameter?.Split('.')
                : null;
            return Task.FromResult(names is not [var user, var device]
                ? AuthenticateResult.NoResult()
                : AuthenticateResult.Success(new(
                    new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.NameIdentifier, user), new("device_id", device)], Scheme.Name)),
                    Scheme.Name)));
        }
    }
}
