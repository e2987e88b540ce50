namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Whom wrapping would not serve as the database stands.</summary>
/// <param name="Losses">How many members or keys: what contract is refused for without the operator's choice.</param>
/// <param name="Unserved">The first thousand of them.</param>
public sealed record MigrationForecast(long Losses, IReadOnlyList<UnservedMember> Unserved);
