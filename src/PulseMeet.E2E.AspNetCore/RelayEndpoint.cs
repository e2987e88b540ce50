using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>What every call goes through: who calls, how often, how much; then the operation, and its answer or refusal.</summary>
internal static class RelayEndpoint
{
    public static RequestDelegate For(RelayOperation operation) => context => InvokeAsync(context, async (caller, services) =>
    {
        if (!HasMediaType(context.Request))
        {
            await RelayProblem.WriteAsync(
                context, StatusCodes.Status415UnsupportedMediaType, E2EError.InvalidEncoding, "The body's media type is another one.").ConfigureAwait(false);
            return;
        }

        RelayLimiters limiters = services.GetRequiredService<RelayLimiters>();
        using RateLimitLease lease = operation.Cost switch
        {
            RelayCost.Claim => limiters.Claims.AttemptAcquire(caller.UserId),
            RelayCost.Wait => limiters.Waiting.AttemptAcquire(caller.UserId),
            _ => NoLease.Instance,
        };
        if (!lease.IsAcquired)
        {
            await TooManyAsync(context, lease).ConfigureAwait(false);
            return;
        }

        ReadOnlyMemory<byte> body = await RelayBody.ReadAsync(context, operation.MaxBody).ConfigureAwait(false);
        byte[]? answer = await operation.Run(new(
            caller,
            services.GetRequiredService<IE2ERelayServer>().Connect(caller),
            services.GetRequiredService<IMediaStoreServer>().Connect(caller.UserId),
            body,
            context.RequestAborted)).ConfigureAwait(false);
        await AnswerAsync(context, answer).ConfigureAwait(false);
    });

    /// <summary>Authenticates and counts the call, and turns refusals into problem details.</summary>
    public static async Task InvokeAsync(HttpContext context, Func<DeviceAddress, IServiceProvider, Task> run)
    {
        try
        {
            if (context.User.Identity?.IsAuthenticated != true)
            {
                await RelayProblem.WriteAsync(
                    context, StatusCodes.Status401Unauthorized, E2EError.NotAllowed, "The caller is not authenticated.").ConfigureAwait(false);
                return;
            }

            IServiceProvider services = context.RequestServices;
            DeviceAddress caller = CallerOf(context.User, services.GetRequiredService<E2ERelayOptions>());
            using RateLimitLease lease = services.GetRequiredService<RelayLimiters>().Calls.AttemptAcquire(caller.UserId);
            if (!lease.IsAcquired)
            {
                await TooManyAsync(context, lease).ConfigureAwait(false);
                return;
            }

            await run(caller, services).ConfigureAwait(false);
        }
        catch (E2EException refusal) when (!context.Response.HasStarted)
        {
            await RelayProblem.WriteAsync(context, refusal).ConfigureAwait(false);
        }
        catch (ArgumentException) when (!context.Response.HasStarted)
        {
            // What a caller of the contract must not pass has arrived all the same.
            await RelayProblem.WriteAsync(context, new E2EException(E2EError.InvalidEncoding, "A number or an id is outside its range.")).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer.
        }
    }

    public static Task TooManyAsync(HttpContext context, RateLimitLease lease)
    {
        double seconds = lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after) ? Math.Ceiling(after.TotalSeconds) : 1;
        context.Response.Headers.RetryAfter = Math.Max(1, (int)seconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return RelayProblem.WriteAsync(context, StatusCodes.Status429TooManyRequests, E2EError.LimitExceeded, "Too many calls.");
    }

    /// <summary>Exactly one claim of each kind, with a well-formed id.</summary>
    private static DeviceAddress CallerOf(ClaimsPrincipal user, E2ERelayOptions options)
    {
        string[] users = [.. user.FindAll(options.UserClaim).Select(claim => claim.Value).Distinct(StringComparer.Ordinal)];
        string[] devices = [.. user.FindAll(options.DeviceClaim).Select(claim => claim.Value).Distinct(StringComparer.Ordinal)];
        try
        {
            if (users.Length == 1 && devices.Length == 1)
            {
                return new(users[0], devices[0]);
            }
        }
        catch (ArgumentException)
        {
            // As if it were missing.
        }

        throw new E2EException(E2EError.NotAllowed, "The caller's authentication names no user and device.");
    }

    /// <summary>Asked of every call: a page of another site cannot send this type without the server's consent (CORS).</summary>
    private static bool HasMediaType(HttpRequest request) =>
        string.Equals(request.ContentType, RelayPaths.MediaType, StringComparison.OrdinalIgnoreCase);

    private static async Task AnswerAsync(HttpContext context, byte[]? answer)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (answer is null)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        context.Response.ContentType = RelayPaths.MediaType;
        context.Response.ContentLength = answer.Length;
        await context.Response.Body.WriteAsync(answer, context.RequestAborted).ConfigureAwait(false);
    }

    private sealed class NoLease : RateLimitLease
    {
        public static NoLease Instance { get; } = new();

        public override bool IsAcquired => true;

        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }
    }
}
