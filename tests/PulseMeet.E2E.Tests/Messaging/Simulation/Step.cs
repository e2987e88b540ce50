namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>What happens in a step of a walk.</summary>
internal enum Act
{
    Say = 0,
    SayAgain = 1,
    SayToo = 2,
    Synchronize = 3,
    SynchronizeAgain = 4,
    SynchronizeToo = 5,
    ReadAndForget = 6,
    Restart = 7,
    DieAtOnce = 8,
    DieWhileSaying = 9,
    DieWhileSynchronizing = 10,
    ClockMoves = 11,
    Link = 12,
    Remove = 13,
    Reinstall = 14,
    Copy = 15,
    PutCopyBack = 16,
    MeetAllAtOnce = 17,
    Recover = 18,
}

/// <summary>One step: an act, of whom, and a number that it goes by.</summary>
internal readonly record struct Step(Act Act, int Who, int How)
{
    private const int Acts = 19;

    /// <summary>Every number is a step, so that a walk is a row of numbers that shrinks by itself.</summary>
    public static Step Of(uint number, WalkKind kind)
    {
        var act = (Act)(number % Acts);
        bool isOf = act switch
        {
            Act.Copy or Act.PutCopyBack => kind == WalkKind.PutBack,
            _ => true,
        };
        return new(isOf ? act : Act.SayAgain, (int)(number / Acts % 97), (int)(number / (Acts * 97) % 1009));
    }

    public override string ToString() => $"{Act}({Who}, {How})";
}
