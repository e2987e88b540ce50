using Microsoft.AspNetCore.Authentication;
using Npgsql;
using PulseMeet.E2E.AspNetCore;
using PulseMeet.E2E.DependencyInjection;
using PulseMeet.E2E.PostgreSql;
using PulseMeet.E2E.Samples.Relay;
using PulseMeet.E2E.Sqlite;

// A relay to try.
//   dotnet run --project samples/Relay                                  in memory, on http://localhost:5200
//   dotnet run --project samples/Relay -- --sqlite FILE                 in a file, which is made where it is missing
//   dotnet run --project samples/Relay -- --postgres CONNECTION         in a PostgreSQL database; [--media FOLDER] for media files
//   dotnet run --project samples/Relay -- --urls ADDRESS                elsewhere
//   curl -d user=alice -d device=phone http://localhost:5200/token
// Whoever asks gets a token for any user and device: an app puts its own authentication in the place of TrialTokens.
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls(builder.Configuration["urls"] ?? "http://localhost:5200");
builder.Services.AddSingleton<TrialTokens>();
builder.Services.AddAuthentication(TrialTokens.Scheme).AddScheme<AuthenticationSchemeOptions, TrialAuthentication>(TrialTokens.Scheme, null);
builder.Services.AddAuthorization();
IE2ERelayBuilder relay = builder.Services.AddE2ERelay();
await using NpgsqlDataSource? database =
    builder.Configuration["postgres"] is { Length: > 0 } connection ? NpgsqlDataSource.Create(connection) : null;
if (database is not null)
{
    string media = builder.Configuration["media"] ?? PostgreSqlRelayBuilderExtensions.DefaultMediaDirectory;
    relay.UsePostgreSql(database, media: new() { Directory = Path.GetFullPath(media) });
}
else if (builder.Configuration["sqlite"] is { Length: > 0 } file)
{
    relay.UseSqlite(file);
}

await using WebApplication app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.MapE2ERelay("/e2e").RequireAuthorization();
app.MapPost("/token", async context =>
{
    IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
    string? token = context.RequestServices.GetRequiredService<TrialTokens>().Issue(form["user"], form["device"]);
    context.Response.StatusCode = token is null ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK;
    await context.Response.WriteAsync(token ?? "A user and a device, each of 1 to 64 bytes in UTF-8.", context.RequestAborted);
});
await app.RunAsync();
