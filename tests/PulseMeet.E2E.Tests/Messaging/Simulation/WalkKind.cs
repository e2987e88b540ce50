namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>What may befall the people of a walk.</summary>
internal enum WalkKind
{
    /// <summary>A hostile relay; devices die, are linked, removed and reinstalled; clocks jump.</summary>
    Hostile,

    /// <summary>Stores are put back to a copy, too.</summary>
    PutBack,

    /// <summary>The relay is honest, and everybody keeps the one device: it dies and restarts, and clocks jump. Then nothing may be missing
    /// even for a while.</summary>
    Honest,
}
