namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>What a campaign came to.</summary>
/// <param name="Kills">Processes that were killed.</param>
/// <param name="Messages">Messages whose sending came back.</param>
/// <param name="Lost">Of these, how many the other side never showed.</param>
/// <param name="Twice">Messages that were shown under two numbers, and events that came again after they were acknowledged.</param>
/// <param name="RepeatedKeys">Cipher keys that sealed two envelopes.</param>
/// <param name="Strange">Events that have no place where nothing was lost.</param>
internal sealed record Outcome(int Kills, int Messages, int Lost, int Twice, int RepeatedKeys, IReadOnlyList<string> Strange)
{
    public bool IsWhole => Lost + Twice + RepeatedKeys + Strange.Count == 0 && Messages > 0;

    public override string ToString() =>
        $"{Kills} kills, {Messages} messages, {Lost} lost, {Twice} twice, {RepeatedKeys} repeated keys"
        + string.Concat(Strange.Select(line => $"{Environment.NewLine}strange: {line}"));
}
