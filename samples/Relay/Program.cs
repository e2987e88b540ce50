using Microsoft.AspNetCore.Authentication;
using PulseMeet.E2E.AspNetCore;
using PulseMeet.E2E.Samples.Relay;

// A relay to try: everything is in memory and gone when it stops.
//   dotnet run --project samples/Relay                      on http://localhost:5200
//   dotnet run --project samples/Relay -- --urls ADDRESS    elsewhere
//   curl -d user=alice -d device=phone http://localhost:5200/token
// Whoever asks gets a token for any user and device: an app puts its own authentication in the place of TrialTokens.
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls(builder.Configuration["urls"] ?? "http://localhost:5200");
builder.Services.AddSingleton<TrialTokens>();
builder.Services.AddAuthentication(TrialTokens.Scheme).AddScheme<AuthenticationSchemeOptions, TrialAuthentication>(TrialTokens.Scheme, null);
builder.Services.AddAuthorization();
builder.Services.AddE2ERelay();

WebApplication app = builder.Build();
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
