using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Samples.Relay;

/// <summary>Takes the bearer of a trial token for whom it names.</summary>
internal sealed class TrialAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, TrialTokens tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out AuthenticationHeaderValue? header)
            || header is not { Scheme: "Bearer", Parameter: { } token })
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        if (tokens.Read(token) is not { } caller)
        {
            return Task.FromResult(AuthenticateResult.Fail("Not a token of this process."));
        }

        var identity = new ClaimsIdentity(
            [new(ClaimTypes.NameIdentifier, caller.UserId), new("device_id", caller.DeviceId)], TrialTokens.Scheme);
        return Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(identity), TrialTokens.Scheme)));
    }
}
