namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>Under what a campaign runs.</summary>
/// <param name="Seed">Of what is drawn.</param>
internal sealed record Circumstances(int Seed)
{
    /// <summary>Whether machines lose their power, with what was not synced. Otherwise processes are killed, and files stay.</summary>
    public bool IsOfPower { get; init; }

    /// <summary>The devices'.</summary>
    public SqliteDurability Durability { get; init; }

    /// <summary>Whether the relay's disk says that something was synced although nothing was.</summary>
    public bool RelaysDiskLies { get; init; }
}
