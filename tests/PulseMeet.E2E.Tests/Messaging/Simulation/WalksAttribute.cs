using System.Globalization;
using FsCheck.Xunit;

namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>A property over walks: the same five with every change of the code, or as many others as <c>PULSEMEET_SIMULATION_WALKS</c> says; from the one on
/// that a failure says to replay (<c>PULSEMEET_SIMULATION_REPLAY</c>).</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class WalksAttribute : PropertyAttribute
{
    public WalksAttribute()
    {
        string? walks = Environment.GetEnvironmentVariable("PULSEMEET_SIMULATION_WALKS");
        MaxTest = walks is null ? 5 : int.Parse(walks, CultureInfo.InvariantCulture);
        Arbitrary = [typeof(Course.Any)];
        Replay = Environment.GetEnvironmentVariable("PULSEMEET_SIMULATION_REPLAY") ?? (walks is null ? "2026113012,949981251405878633" : null!);
    }
}
