using System.Net;
using System.Text.Json;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Http;

/// <summary>A refusal: problem details (RFC 9457) with the reason's number. docs/protocol-http.md, "Refusals".</summary>
internal static class Problem
{
    private const int MaxSize = 16 * 1024;

    /// <summary>What a relay may refuse for. Another number, or none, says that no relay has answered.</summary>
    private static readonly E2EError[] s_reasons =
    [
        E2EError.InvalidEncoding, E2EError.UnsupportedVersion, E2EError.InvalidPublicKey, E2EError.InvalidSignature, E2EError.Expired,
        E2EError.UnknownDevice, E2EError.LimitExceeded, E2EError.WrongIdentity, E2EError.ContentChanged, E2EError.OutdatedDeviceList,
        E2EError.RelayUnavailable, E2EError.NotAllowed, E2EError.UnknownMedia,
    ];

    public static async Task<AttemptFailedException> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        E2EError? reason = response.Content.Headers.ContentType?.MediaType == RelayPaths.ProblemType
            ? Reason(await BoundedContent.ReadAsync(response.Content, MaxSize, cancellationToken).ConfigureAwait(false))
            : null;
        HttpStatusCode status = response.StatusCode;
        return new(reason is null ? $"The server answered with status {(int)status}." : "The relay refused.")
        {
            Reason = reason ?? status switch
            {
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => E2EError.NotAllowed,
                HttpStatusCode.TooManyRequests or HttpStatusCode.RequestEntityTooLarge => E2EError.LimitExceeded,
                _ => E2EError.RelayUnavailable,
            },
            IsPassing = status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError,
            IsNotDone = status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable,
            RetryAfter = response.Headers.RetryAfter?.Delta,
        };
    }

    /// <summary>The number under "code" of an object; null where there is none that a relay gives.</summary>
    private static E2EError? Reason(byte[]? problem)
    {
        if (problem is null)
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(problem);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("code", out JsonElement code)
                && code.ValueKind == JsonValueKind.Number
                && code.TryGetInt32(out int number)
                && Array.IndexOf(s_reasons, (E2EError)number) >= 0
                    ? (E2EError)number
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
