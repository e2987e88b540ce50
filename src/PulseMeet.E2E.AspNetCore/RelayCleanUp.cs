using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>Deletes what is past its age, now and then. What is past its age is given to nobody in the meantime either.</summary>
internal sealed partial class RelayCleanUp(
    IE2ERelayServer relay, IMediaStoreServer media, E2ERelayOptions options, TimeProvider time, ILogger<RelayCleanUp> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.CleanUpInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await relay.CleanUpAsync(stoppingToken).ConfigureAwait(false);
                await media.CleanUpAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (E2EException exception)
            {
                Failed(logger, exception.Reason);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Deleting what is past its age failed ({Reason}); it is tried again later.")]
    private static partial void Failed(ILogger logger, E2EError reason);
}
