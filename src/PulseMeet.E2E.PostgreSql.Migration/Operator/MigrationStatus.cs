namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>What the database says about the migration.</summary>
/// <param name="Status">in_progress, completed, failed or error; null before the first phase.</param>
/// <param name="Phase">expanded, wrapped, verified, contracted or rolled_back; null before the first phase.</param>
/// <param name="AffectedRecords">Legacy key rows that are sealed.</param>
/// <param name="ErrorMessage">The reason of a failure.</param>
/// <param name="PlaintextKeys">Legacy keys that still lie in the clear.</param>
/// <param name="WrappedCopies">Wrapped copies for members.</param>
/// <param name="MembersWithoutAccess">Members who would lose access to a key, and keys whose members are not known.</param>
/// <param name="LegacyMessages">Messages not re-sealed yet.</param>
/// <param name="ArchivedMessages">Messages re-sealed.</param>
/// <param name="MessageBackups">Sealed originals that are kept.</param>
public sealed record MigrationStatus(
    string? Status,
    string? Phase,
    long AffectedRecords,
    string? ErrorMessage,
    long PlaintextKeys,
    long WrappedCopies,
    long MembersWithoutAccess,
    long LegacyMessages,
    long ArchivedMessages,
    long MessageBackups);

/// <summary>A key or member that wrapping could not serve.</summary>
/// <param name="SourceTable">The key's table.</param>
/// <param name="SourceId">The key's row.</param>
/// <param name="ConversationId">The conversation.</param>
/// <param name="UserId">The member; null where the key itself is the problem.</param>
/// <param name="Reason">no_active_key, expired_key, malformed_key, malformed_symmetric_key, no_members or
/// unknown_peer (the conversation id names one of its two users, or none: list them in e2e_conversation_members).</param>
public sealed record UnservedMember(string SourceTable, Guid SourceId, string ConversationId, Guid? UserId, string Reason);
