using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PulseMeet.E2E.DependencyInjection;
using PulseMeet.E2E.Http;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.AspNetCore.Tests;

/// <summary>A relay on Kestrel, on a port of this machine that the system chose; and clients of it.</summary>
internal sealed class RelayHost : IE2ERelayServer, IMediaStoreServer, IAsyncDisposable
{
    private readonly WebApplication _app;

    private RelayHost(WebApplication app, ManualClock clock)
    {
        _app = app;
        Clock = clock;
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Address = new Uri(address + "/e2e");
    }

    public ManualClock Clock { get; }

    public Uri Address { get; }

    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromMinutes(3) };

    public static async Task<RelayHost> StartAsync(
        Action<E2ERelayOptions>? configure = null, Action<IServiceCollection>? services = null, Action<IE2ERelayBuilder>? store = null)
    {
        var clock = new ManualClock();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddAuthentication("Test").AddScheme<AuthenticationSchemeOptions, TestAuthentication>("Test", null);
        builder.Services.AddAuthorization();
        services?.Invoke(builder.Services);
        IE2ERelayBuilder relay = builder.Services.AddE2ERelay(options =>
        {
            options.CallsPerMinute = 1_000_000;
            options.ClaimsPerMinute = 1_000_000;
            configure?.Invoke(options);
        });
        store?.Invoke(relay);
        WebApplication app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapE2ERelay("/e2e");
        await app.StartAsync();
        return new(app, clock);
    }

    public static HttpRelayOptions OptionsFor(string token) => new()
    {
        AccessToken = _ => ValueTask.FromResult<string?>(token),
        FirstPause = TimeSpan.Zero,
        LongestPause = TimeSpan.Zero,
    };

    public IE2ERelay Connect(DeviceAddress caller) =>
        new HttpRelay(Client, Address, caller, OptionsFor(TestAuthentication.Token(caller.UserId, caller.DeviceId)), TimeProvider.System);

    public IMediaStore Connect(string userId) =>
        new HttpMediaStore(Client, Address, OptionsFor(TestAuthentication.Token(userId, "phone")), TimeProvider.System);

    public async Task CleanUpAsync(CancellationToken cancellationToken = default)
    {
        await _app.Services.GetRequiredService<IE2ERelayServer>().CleanUpAsync(cancellationToken);
        await _app.Services.GetRequiredService<IMediaStoreServer>().CleanUpAsync(cancellationToken);
    }

    /// <summary>A call with nothing of the client's between.</summary>
    public async Task<HttpResponseMessage> PostAsync(
        string path, byte[] body, string? token = "alice phone", string mediaType = "application/octet-stream")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{Address}/{path}"));
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(mediaType);
        request.Headers.Authorization = token is null ? null : new("Bearer", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(token)));
        return await Client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>The app's own authentication, here: the token is the user's and the device's id.</summary>
internal sealed class TestAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public static string Token(string userId, string deviceId) =>
        Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{userId} {deviceId}"));

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out AuthenticationHeaderValue? header) || header.Parameter is null)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        string[] names = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(header.Parameter)).Split(' ');
        List<Claim> claims = [new(ClaimTypes.NameIdentifier, names[0])];
        claims.AddRange(names[1..].Select(device => new Claim("device_id", device)));
        var identity = new ClaimsIdentity(claims, Scheme.Name);
        return Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(identity), Scheme.Name)));
    }
}
