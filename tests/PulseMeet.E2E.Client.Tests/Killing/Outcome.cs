namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>What a campaign came to.</summary>
/// <param name="Times">How often a process was killed, or the power went.</param>
/// <param name="Messages">Messages whose sending came back.</param>
/// <param name="Lost">Of these, how many the other side never showed.</param>
/// <param name="Twice">Messages that were shown under two numbers, and events that came again after they were acknowledged.</param>
/// <param name="RepeatedKeys">Cipher keys that sealed two envelopes.</param>
/// <param name="Strange">Events that have no place where nothing was lost.</param>
internal sealed record Outcome(int Times, int Messages, int Lost, int Twice, int RepeatedKeys, IReadOnlyList<string> Strange)
{
    public bool IsWhole => Lost + Twice + RepeatedKeys + Forgotten + Strange.Count == 0 && Messages > 0;

    /// <summary>Whether it was the power that went.</summary>
    public bool IsOfPower { get; init; }

    /// <summary>Envelopes that the relay had said to have taken, and of which it knew nothing when its power was back.</summary>
    public int Forgotten { get; init; }

    /// <summary>Changes of files that were not synced then, a write that may be torn counted by sectors.</summary>
    public int Unsynced { get; init; }

    /// <summary>How many of these the files had no more.</summary>
    public int Dropped { get; init; }

    public override string ToString() =>
        string.Concat(Strange.Select(line => $"strange: {line}{Environment.NewLine}"))
        + (IsOfPower ? $"{Dropped} of {Unsynced} unsynced changes dropped, {Forgotten} envelopes forgotten by the relay{Environment.NewLine}" : string.Empty)
        + $"{Times} {(IsOfPower ? "cuts" : "kills")}, {Messages} messages, {Lost} lost, {Twice} twice, {RepeatedKeys} repeated keys";
}
