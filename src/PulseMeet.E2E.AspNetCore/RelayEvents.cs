using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>The caller's mailbox as server-sent events, for who would rather keep one call open than ask again:
/// docs/protocol-http.md, "Events".</summary>
internal static class RelayEvents
{
    /// <summary>As many items as a request for a page may leave out; then the stream ends, and the caller opens another.</summary>
    private const int MaxItems = RelayRequest.MaxPage;

    private const int PageSize = 100;

    /// <summary>A line without meaning as often as this keeps the connection open, and shows that nobody is there.</summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(20);

    public static RequestDelegate Endpoint { get; } = context => RelayEndpoint.InvokeAsync(context, async (caller, services) =>
    {
        if (!long.TryParse(context.Request.Query["revision"], NumberStyles.None, CultureInfo.InvariantCulture, out long revision))
        {
            throw new E2EException(E2EError.InvalidEncoding, "The store's revision.");
        }

        using RateLimitLease lease = services.GetRequiredService<RelayLimiters>().Waiting.AttemptAcquire(caller.UserId);
        if (!lease.IsAcquired)
        {
            await RelayEndpoint.TooManyAsync(context, lease).ConfigureAwait(false);
            return;
        }

        await StreamAsync(context, services.GetRequiredService<IE2ERelayServer>().Connect(caller), revision).ConfigureAwait(false);
    });

    private static async Task StreamAsync(HttpContext context, IE2ERelay relay, long revision)
    {
        List<long> held = [];
        MailboxPage page = await relay.ReceiveAsync(new(PageSize, TimeSpan.Zero, revision, held), context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        await WriteAsync(context, $"event: revision\ndata: {page.HighestStoreRevision.ToString(CultureInfo.InvariantCulture)}\n\n").ConfigureAwait(false);
        while (true)
        {
            await WriteAsync(context, page.Items.Count == 0 ? ": waiting\n\n" : string.Concat(page.Items.Select(Event))).ConfigureAwait(false);
            held.AddRange(page.Items.Where(item => item.Kind != MailboxItemKind.Signal).Select(item => item.Id));
            if (held.Count >= MaxItems)
            {
                return;
            }

            page = await relay.ReceiveAsync(
                new(Math.Min(PageSize, MaxItems - held.Count), s_silence, revision, held), context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static string Event(MailboxItem item) =>
        $"event: item\ndata: {Convert.ToBase64String(RelayWire.Write(writer => RelayWire.Write(writer, item)))}\n\n";

    private static async Task WriteAsync(HttpContext context, string text)
    {
        await context.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
