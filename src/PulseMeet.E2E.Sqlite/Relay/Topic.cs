namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>What somebody may wait for: a device's mailbox, or the answers to an account's linking requests.</summary>
internal readonly record struct Topic(bool IsAccount, long Id)
{
    public static Topic Mailbox(long device) => new(false, device);

    public static Topic LinkAnswers(long account) => new(true, account);
}
