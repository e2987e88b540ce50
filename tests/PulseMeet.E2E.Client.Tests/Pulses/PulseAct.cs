namespace PulseMeet.E2E.Client.Tests.Pulses;

/// <summary>What happens in a step of a walk.</summary>
internal enum PulseAct
{
    Say = 0,
    SayAgain = 1,
    SayToo = 2,
    Synchronize = 3,
    SynchronizeAgain = 4,
    SynchronizeToo = 5,
    MeetAllAtOnce = 6,
    Add = 7,
    AddAgain = 8,
    Remove = 9,
    Leave = 10,
    Promote = 11,
    Rename = 12,
    Restart = 13,
    DieAtOnce = 14,
    DieWhileSaying = 15,
    DieWhileSynchronizing = 16,
    DieWhileChanging = 17,
    ClockMoves = 18,
    Link = 19,
    RemoveDevice = 20,
    Copy = 21,
    PutCopyBack = 22,
}

/// <summary>One step: an act, of whom, and a number that it goes by.</summary>
internal readonly record struct PulseStep(PulseAct Act, int Who, int How)
{
    private const uint Acts = 23;

    /// <summary>Every number is a step, so that a walk is a row of numbers that shrinks by itself.</summary>
    public static PulseStep Of(uint number) => new((PulseAct)(number % Acts), (int)(number / Acts % 97), (int)(number / (Acts * 97) % 1009));

    public override string ToString() => $"{Act}({Who}, {How})";
}
