namespace PulseMeet.E2E.Mutate;

/// <summary>One change of the code.</summary>
/// <param name="Id">The number that <c>MutantControl.Is</c> is asked with.</param>
/// <param name="File">The file, from the core's folder.</param>
/// <param name="Line">From 1.</param>
/// <param name="Before">The code as it is.</param>
/// <param name="After">The code as it would be.</param>
internal sealed record Mutant(int Id, string File, int Line, string Before, string After)
{
    public override string ToString() => $"{File}:{Line}\n    {Before}\n    -> {After}";
}
