using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PulseMeet.E2E.AspNetCore;
using PulseMeet.E2E.Identity;

namespace DependencyInjection;

/// <summary>The app's server, in this process and in memory, on a port of its own.</summary>
internal sealed class RelayServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Sessions _sessions;

    private RelayServer(WebApplication app)
    {
        _app = app;
        _sessions = app.Services.GetRequiredService<Sessions>();
        Address = new Uri(new Uri(app.Urls.Single()), "e2e");
    }

    public Uri Address { get; }

    public static async Task<RelayServer> StartAsync(CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<Sessions>();
        builder.Services.AddAuthentication(Sessions.Scheme).AddScheme<AuthenticationSchemeOptions, SessionAuthentication>(Sessions.Scheme, null);
        builder.Services.AddAuthorization();
        builder.Services.AddE2ERelay();
        WebApplication app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapE2ERelay("/e2e").RequireAuthorization();
        await app.StartAsync(cancellationToken);
        return new RelayServer(app);
    }

    /// <summary>A token for a device that has proved who it is, in whatever way the app does that.</summary>
    public string Login(DeviceAddress device) => _sessions.Begin(device);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
