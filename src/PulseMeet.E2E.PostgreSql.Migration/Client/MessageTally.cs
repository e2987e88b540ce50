using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Legacy;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The running counts of a message migration; bounded, whatever the number of messages.</summary>
internal sealed class MessageTally(TimeProvider time)
{
    private const int MaxListed = 1000;

    private readonly long _started = time.GetTimestamp();

    public long Looked { get; set; }

    public long Migrated { get; private set; }

    public long ZeroKey { get; private set; }

    public long Plaintext { get; private set; }

    public long LeftToAuthor { get; set; }

    public long LeftForKeys { get; set; }

    public long TakenByOthers { get; set; }

    public long Failed { get; private set; }

    public List<UnreadableMessage> Unreadable { get; } = [];

    public TimeSpan Elapsed => time.GetElapsedTime(_started);

    public void Written(LegacyProtection protection)
    {
        Migrated++;
        ZeroKey += protection == LegacyProtection.ZeroKey ? 1 : 0;
        Plaintext += protection == LegacyProtection.Plaintext ? 1 : 0;
    }

    public void Unread(MessageRow row, E2EError reason)
    {
        Failed++;
        Telemetry.MigrationFailed("message", reason.ToString());
        if (Unreadable.Count < MaxListed)
        {
            Unreadable.Add(new(row.Table, row.Id, reason));
        }
    }

    /// <summary>Tells the meter what became of a batch; each failure has been told with its reason.</summary>
    /// <param name="before">The counts before the batch.</param>
    public void Emit(MessageMigrationProgress before)
    {
        Telemetry.Migrated("message", "resealed", Migrated - before.Migrated);
        Telemetry.Migrated("message", "left_to_author", LeftToAuthor - before.LeftToAuthor);
        Telemetry.Migrated("message", "left_for_keys", LeftForKeys - before.LeftForKeys);
        Telemetry.Migrated("message", "taken_by_others", TakenByOthers - before.TakenByOthers);
    }

    public bool FailsAbove(double rate) => Failed > rate * Looked;

    public MessageMigrationProgress Snapshot() => Counts with { Elapsed = Elapsed };

    /// <summary>The counts without the time: nobody asks the clock.</summary>
    public MessageMigrationProgress Counts =>
        new(Looked, Migrated, ZeroKey, Plaintext, LeftToAuthor, LeftForKeys, TakenByOthers, Failed, TimeSpan.Zero);
}
