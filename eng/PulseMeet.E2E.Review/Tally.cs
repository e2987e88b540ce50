namespace PulseMeet.E2E.Review;

/// <summary>Counts what passed, failed and was left out under one heading, and shows the first failures.</summary>
internal sealed class Tally(string heading)
{
    private const int ShownFailures = 5;

    private readonly List<string> _failures = [];
    private readonly SortedSet<string> _reasons = new(StringComparer.Ordinal);

    public int Passed { get; private set; }

    public int Failed { get; private set; }

    public int Skipped { get; private set; }

    public void Count(bool passed, Func<string> describe)
    {
        if (passed)
        {
            Passed++;
            return;
        }

        Failed++;
        if (_failures.Count < ShownFailures)
        {
            _failures.Add(describe());
        }
    }

    /// <param name="count">How many.</param>
    /// <param name="reason">Printed once.</param>
    public void Skip(int count, string reason)
    {
        Skipped += count;
        _reasons.Add(reason);
    }

    public void Print()
    {
        string skipped = Skipped > 0 ? $", {Skipped,5} left out" : string.Empty;
        Console.WriteLine($"{heading,-52} {Passed,6} passed, {Failed,4} failed{skipped}");
        foreach (string reason in _reasons)
        {
            Console.WriteLine($"    left out: {reason}");
        }

        foreach (string failure in _failures)
        {
            Console.WriteLine($"    FAIL {failure}");
        }
    }
}
