using System.Globalization;
using PulseMeet.E2E.Client.Tests.Killing;

namespace PulseMeet.E2E.Client.Tests;

/// <summary>This assembly as a process: a device or a relay that is killed, or the campaign that kills them.</summary>
internal static class Program
{
    /// <param name="arguments"><c>device USER PEER DATABASE RELAY NUMBER DURABILITY</c>, <c>relay DATABASE SALTS PORT</c>,
    /// <c>campaign KILLS SEED</c>, or <c>power CUTS SEED [store|relay]</c>: one of which does not sync.</param>
    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is ["device", var user, var peer, var database, var relay, var number, var durability])
        {
            await DeviceProcess.RunAsync(user, peer, database, new Uri(relay), int.Parse(number, CultureInfo.InvariantCulture), Enum.Parse<SqliteDurability>(durability));
            return 0;
        }

        if (arguments is ["relay", var file, var salts, var port])
        {
            await RelayProcess.RunAsync(file, salts, int.Parse(port, CultureInfo.InvariantCulture));
            return 0;
        }

        int kills = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        await using Campaign campaign = await Campaign.StartAsync(
            new(int.Parse(arguments[2], CultureInfo.InvariantCulture))
            {
                IsOfPower = arguments[0] == "power",
                Durability = arguments.Contains("store") ? SqliteDurability.Relaxed : SqliteDurability.Full,
                RelaysDiskLies = arguments.Contains("relay"),
            });
        Outcome outcome = await campaign.RunAsync(kills);
        Console.WriteLine(outcome);
        return outcome.IsWhole ? 0 : 1;
    }
}
