namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>How a run of the message migration ended.</summary>
public enum MessageMigrationOutcome
{
    /// <summary>Every message of the user was looked at.</summary>
    Completed = 1,

    /// <summary>The time was up: running again goes on from there.</summary>
    TimedOut = 2,

    /// <summary>Too many messages could not be read: something is wrong, such as a missing key.</summary>
    TooManyFailures = 3,
}

/// <summary>A message that stays as it was.</summary>
/// <param name="Table">direct_messages or chat_messages.</param>
/// <param name="MessageId">The message.</param>
/// <param name="Reason">Why.</param>
public sealed record UnreadableMessage(string Table, Guid MessageId, E2EError Reason);

/// <summary>Counts of a run so far.</summary>
/// <param name="Looked">Messages tried.</param>
/// <param name="Migrated">Re-sealed and written back, those under the next two counts included.</param>
/// <param name="ZeroKey">Of those, messages that lay under 32 zero bytes: anyone could read them.</param>
/// <param name="Plaintext">Of those, messages that lay unencrypted.</param>
/// <param name="LeftToAuthor">Pulse messages that only their author's app can open.</param>
/// <param name="LeftForKeys">Messages that stay as they are because re-sealing them would take them from somebody: a peer or a
/// member without a usable public key, or a side with a second one. <see cref="ConversationArchive.OpenLegacy"/> reads them;
/// they are re-sealed by a later run once the keys are there, those of a pulse also once the operator has named the loss.</param>
/// <param name="TakenByOthers">Messages that somebody else changed or re-sealed meanwhile.</param>
/// <param name="Failed">Messages that no key opens.</param>
/// <param name="Elapsed">Since the run began.</param>
public sealed record MessageMigrationProgress(
    long Looked, long Migrated, long ZeroKey, long Plaintext, long LeftToAuthor, long LeftForKeys, long TakenByOthers, long Failed, TimeSpan Elapsed)
{
    /// <summary>Messages re-sealed per second.</summary>
    public double Rate => Elapsed > TimeSpan.Zero ? Migrated / Elapsed.TotalSeconds : 0;
}

/// <summary>What a run of the message migration did.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Counts">The final counts.</param>
/// <param name="Unreadable">The first thousand messages that stay as they were, with the reason.</param>
public sealed record MessageMigrationReport(
    MessageMigrationOutcome Outcome, MessageMigrationProgress Counts, IReadOnlyList<UnreadableMessage> Unreadable);
