using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>Reads a request's body within its bound, whatever length it was announced with.</summary>
internal static class RelayBody
{
    private const int FirstSize = 4096;

    /// <exception cref="E2EException">It is longer (<see cref="E2EError.LimitExceeded"/>), or breaks off
    /// (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context, int max)
    {
        if (context.Request.ContentLength > max)
        {
            throw TooLong();
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = max;
        }

        try
        {
            byte[] buffer = new byte[Math.Min(FirstSize, max + 1)];
            int length = 0;
            while (true)
            {
                int read = await context.Request.Body.ReadAsync(buffer.AsMemory(length), context.RequestAborted).ConfigureAwait(false);
                length += read;
                if (length > max)
                {
                    throw TooLong();
                }

                if (read == 0)
                {
                    return buffer.AsMemory(0, length);
                }

                if (length == buffer.Length)
                {
                    Array.Resize(ref buffer, (int)Math.Min(2L * length, max + 1L));
                }
            }
        }
        catch (BadHttpRequestException exception)
        {
            throw exception.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? TooLong()
                : new E2EException(E2EError.InvalidEncoding, "The request's body.", exception);
        }
    }

    private static E2EException TooLong() => new(E2EError.LimitExceeded, "The request's body.");
}
