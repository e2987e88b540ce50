namespace PulseMeet.E2E.Testing;

/// <summary>What the checks of a conformance suite state.</summary>
internal static class Expect
{
    public static void That(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ConformanceException(otherwise);
        }
    }

    public static void Equal<T>(T expected, T actual, string what) => That(
        EqualityComparer<T>.Default.Equals(expected, actual), $"{what}: expected {expected}, saw {actual}.");

    public static void Same(ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte>? actual, string what) => That(
        actual is { } bytes && expected.Span.SequenceCompareTo(bytes.Span) == 0, $"{what}: not the same bytes.");

    public static void Order<T>(IEnumerable<T> expected, IEnumerable<T> actual, string what)
    {
        string seen = string.Join(", ", actual);
        That(string.Join(", ", expected) == seen, $"{what}: expected {string.Join(", ", expected)}, saw {seen}.");
    }

    /// <summary>The documented exception with this reason, and nothing else.</summary>
    public static async Task RefusedAsync(E2EError reason, Func<Task> call, string what)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (E2EException exception)
        {
            Equal(reason, exception.Reason, what);
            return;
        }

        throw new ConformanceException($"{what}: not refused.");
    }

    /// <summary>A caller's mistake, seen before anything is done.</summary>
    public static async Task MistakeAsync(Func<Task> call, string what)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (ArgumentException)
        {
            return;
        }

        throw new ConformanceException($"{what}: not taken for the caller's mistake.");
    }
}
