namespace PulseMeet.E2E.Testing;

/// <summary>A rule of a contract that an implementation does not keep.</summary>
/// <param name="Rule">The rule, as the suite names it.</param>
/// <param name="What">What happened in its stead.</param>
public sealed record BrokenRule(string Rule, string What);
