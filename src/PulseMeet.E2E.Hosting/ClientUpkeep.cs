using Microsoft.Extensions.Hosting;

namespace PulseMeet.E2E.Hosting;

/// <summary>Looks after clients on a timer, for as long as the host runs: prekeys, certificates, device lists, what waits and what is missing, also where the
/// app reads no events just then.</summary>
/// <remarks>A client that belongs to no account yet, or whose relay or store fails, is looked after at the next turn.</remarks>
internal sealed class ClientUpkeep(IReadOnlyList<Func<E2EClient?>> clients, TimeProvider time) : BackgroundService
{
    /// <summary>As often as the client itself looks at what is due.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host goes on starting.
        await Task.Yield();
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            foreach (Func<E2EClient?> client in clients)
            {
                await LookAfterAsync(client, stoppingToken).ConfigureAwait(false);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    private static async Task LookAfterAsync(Func<E2EClient?> find, CancellationToken stop)
    {
        try
        {
            if (find() is { } client)
            {
                await client.SynchronizeAsync(stop).ConfigureAwait(false);
            }
        }
        catch (InvalidOperationException)
        {
            // It belongs to no account yet, or was wiped.
        }
        catch (E2EException)
        {
            // The relay cannot be reached, or another process has the store; the client's meter counts it.
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Somebody's who is not the host.
        }
    }
}
