namespace QuickStart;

/// <summary>Prints what happens, and remembers whether anything was not as it should be.</summary>
internal sealed class Report(TextWriter output)
{
    private const int ShownMessages = 12;
    private const int ShownLength = 72;

    private int _messages;
    private int _deliveries;

    public int Failures { get; private set; }

    public void Step(string text) => output.WriteLine(text);

    public void Message(string speaker, string sent, string received, int sealedLength)
    {
        bool same = sent == received;
        Failures += same ? 0 : 1;
        _messages++;
        if (_messages <= ShownMessages || !same)
        {
            string shown = sent.Length <= ShownLength ? sent : sent[..ShownLength] + "…";
            output.WriteLine($"  {(same ? "ok  " : "FAIL")} {speaker,-5} → {sealedLength,5} bytes  {shown}");
        }
    }

    /// <summary>A message on one of several devices: shown where it is another than was sent.</summary>
    public void Delivered(string speaker, string sent, string received)
    {
        _deliveries++;
        if (sent != received)
        {
            Failures++;
            output.WriteLine($"  FAIL {speaker,-5} → {received}");
        }
    }

    public void EndOfDeliveries() => output.WriteLine($"  ok   {_deliveries:N0} deliveries, each message once on every device");

    public void EndOfMessages()
    {
        if (_messages > ShownMessages)
        {
            output.WriteLine($"       … {_messages - ShownMessages:N0} more messages, not shown");
        }
    }

    public void Check(string what, bool holds)
    {
        Failures += holds ? 0 : 1;
        output.WriteLine($"  {(holds ? "ok  " : "FAIL")} {what}");
    }
}
