namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>Under what a campaign runs.</summary>
/// <param name="Seed">Of what is drawn.</param>
internal sealed record Circumstances(int Seed)
{
    /// <summary>Whether machines lose their power, with what was not synced. Otherwise processes are killed, and files stay.</summary>
    public bool IsOfPower { get; init; }

    /// <summary>The devices'.</summary>
    public SqliteDurability Durability { get; init; }

    /// <summary>Whether the relay's disk says that the journal was synced although it was not.</summary>
    public bool RelaysDiskLies { get; init; }

    /// <summary>Whether all that is promised is kept, by the disk and by the stores.</summary>
    public bool IsSound => !RelaysDiskLies && Durability == SqliteDurability.Full;

    /// <summary>How long to wait for what has to come.</summary>
    public TimeSpan Patience => IsSound ? TimeSpan.FromMinutes(3) : TimeSpan.FromSeconds(20);

    /// <summary>Whom it hits next: a device (0 or 1), the relay (2), or all without power (3); always the one that breaks its promise, where one does.</summary>
    public int DrawVictim(Random chance) =>
        RelaysDiskLies ? 2 : !IsSound ? chance.Next(2) : chance.Next(IsOfPower ? 4 : 3);
}
