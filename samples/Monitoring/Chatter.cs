namespace Monitoring;

/// <summary>Has the two devices meet at the host's start, and talk from then on.</summary>
public sealed class Chatter(TwoDevices devices) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await devices.MeetAsync(cancellationToken);
        await devices.TalkAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await devices.TalkAsync(stoppingToken);
        }
    }
}
