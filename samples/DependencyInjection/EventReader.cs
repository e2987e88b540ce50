using Microsoft.Extensions.Hosting;
using PulseMeet.E2E;

namespace DependencyInjection;

/// <summary>Reads one account's events for as long as the host runs: while it does, the client receives, repairs and keeps keys
/// fresh.</summary>
internal sealed class EventReader(E2EClient chat, Database database) : BackgroundService
{
    /// <summary>The account is there before the host has started.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            using RecoveryKey recovery = await chat.SignUpAsync(cancellationToken);
            Console.WriteLine($"     to be written down: {recovery.ToText()[..9]}…"); // shown once, whole, to whom it belongs
        }
        catch (InvalidOperationException)
        {
            // It belongs to an account since an earlier run.
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (E2EEvent e in chat.ReadEventsAsync(stoppingToken))
        {
            if (e is MessageRequested request)
            {
                await chat.AcceptAsync(request.UserId, stoppingToken); // a real app asks its user
            }
            else if (e is MessageReceived message)
            {
                database.Keep(message);
            }
        }
    }
}
