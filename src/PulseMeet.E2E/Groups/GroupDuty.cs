namespace PulseMeet.E2E.Groups;

internal enum GroupDutyReason
{
    /// <summary>Somebody asked to leave.</summary>
    LeaveWaits,

    /// <summary>This device's keys may have been seen.</summary>
    Suspicion,

    /// <summary>The device joined a while ago and has not committed yet.</summary>
    FirstUpdate,

    /// <summary>This device's keys are old.</summary>
    Age,

    /// <summary>This device has sent many messages under its keys.</summary>
    Messages,

    /// <summary>The own account has a newer device list than the group knows.</summary>
    OwnList,

    /// <summary>A device has not renewed its keys for long.</summary>
    Silence,
}

/// <summary>What is to be done without anybody asking for it.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Intent">What to prepare.</param>
internal sealed record GroupDuty(GroupDutyReason Reason, GroupIntent Intent);
