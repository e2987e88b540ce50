namespace PulseChatSample;

/// <summary>Says what was seen, and ends the program where it was not.</summary>
internal static class Check
{
    public static void Step(string text) => Console.WriteLine(text);

    public static void That(string what, bool isSo)
    {
        Console.WriteLine($"  {(isSo ? "ok  " : "FAIL")} {what}");
        if (!isSo)
        {
            throw new InvalidOperationException($"Not so: {what}.");
        }
    }
}
