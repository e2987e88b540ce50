namespace PulseMeet.E2E.Testing;

/// <summary>What happens at a write.</summary>
public enum StoreFault
{
    /// <summary>The write fails, as on a full disk, and nothing is written.</summary>
    FailBefore = 0,

    /// <summary>The write is made, and fails all the same, as when a sync fails.</summary>
    FailAfter = 1,

    /// <summary>The process dies before the write.</summary>
    CrashBefore = 2,

    /// <summary>The process dies after the write, before anybody hears of it.</summary>
    CrashAfter = 3,
}
