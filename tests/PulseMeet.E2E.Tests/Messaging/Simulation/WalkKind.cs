namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>What may befall the people of a walk.</summary>
internal enum WalkKind
{
    /// <summary>A hostile relay; devices die, are linked, removed and reinstalled, or all lost; clocks jump.</summary>
    Hostile,

    /// <summary>Stores are put back to a copy, too.</summary>
    PutBack,

    /// <summary>The relay is honest: devices die, are linked, removed and reinstalled, or all lost, and clocks jump. Then nothing may be missing
    /// even for a while, but what somebody had said on a device that is gone.</summary>
    Honest,
}
