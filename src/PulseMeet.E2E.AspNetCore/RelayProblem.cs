using System.Text.Json;
using Microsoft.AspNetCore.Http;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>Refusals as problem details (RFC 9457): docs/protocol-http.md, "Refusals".</summary>
internal static class RelayProblem
{
    public static int StatusOf(E2EError reason) => reason switch
    {
        E2EError.NotAllowed or E2EError.WrongIdentity => StatusCodes.Status403Forbidden,
        E2EError.UnknownDevice or E2EError.UnknownMedia => StatusCodes.Status404NotFound,
        E2EError.OutdatedDeviceList or E2EError.ContentChanged => StatusCodes.Status409Conflict,
        E2EError.LimitExceeded => StatusCodes.Status413PayloadTooLarge,
        E2EError.RelayUnavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status400BadRequest,
    };

    public static Task WriteAsync(HttpContext context, E2EException refusal) =>
        WriteAsync(context, StatusOf(refusal.Reason), refusal.Reason, refusal.Message);

    public static async Task WriteAsync(HttpContext context, int status, E2EError reason, string title)
    {
        using var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("title", title);
            writer.WriteNumber("status", status);
            writer.WriteString("reason", reason.ToString());
            writer.WriteNumber("code", (int)reason);
            writer.WriteEndObject();
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = RelayPaths.ProblemType;
        context.Response.ContentLength = buffer.Length;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), context.RequestAborted).ConfigureAwait(false);
    }
}
