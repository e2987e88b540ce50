
namespace PulseMeet.E2E.Legacy;

/// <summary>A key that may fit a legacy message, under a name that the report uses. The key id of a legacy message tells
/// nothing, so that candidates are tried one after the other.</summary>
/// <param name="Name">Such as <c>v0</c>, <c>v1</c> or the id of a database row; not secret.</param>
/// <param name="Key">The key. Not disposed by the library.</param>
public sealed record LegacyCandidate(string Name, LegacyKey Key)
{
    /// <summary>The name under which the all-zero key is reported.</summary>
    public const string ZeroKeyName = "zero";
}
