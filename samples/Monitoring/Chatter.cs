using PulseMeet.E2E;

namespace Monitoring;

/// <summary>Has the two clients meet at the host's start, and talk every second from then on.</summary>
public sealed class Chatter(TwoClients clients, TimeProvider time) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await clients.MeetAsync(cancellationToken);
        await clients.TalkAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await clients.TalkAsync(stoppingToken);
            }
            catch (E2EException exception) when (exception.Reason is E2EError.RelayUnavailable or E2EError.LimitExceeded)
            {
                // The meter has it. What was written waits, up to a limit, and goes out when the relay answers again.
            }
        }
    }
}
