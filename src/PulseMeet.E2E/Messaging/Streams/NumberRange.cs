namespace PulseMeet.E2E.Messaging;

/// <summary>Consecutive numbers of a stream, both ends included.</summary>
internal readonly record struct NumberRange(ulong From, ulong To)
{
    /// <summary>How many numbers these are; the greatest number at most.</summary>
    public ulong Count => To - From == ulong.MaxValue ? ulong.MaxValue : To - From + 1;

    public bool Contains(ulong number) => number >= From && number <= To;
}
