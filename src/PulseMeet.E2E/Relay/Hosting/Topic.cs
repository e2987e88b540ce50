using System.Globalization;

namespace PulseMeet.E2E.Relay;

/// <summary>What somebody may wait for: a device's mailbox, or the answers to an account's linking requests.</summary>
/// <param name="IsAccount">Whether it is an account's answers.</param>
/// <param name="Id">The device's or the account's number in the relay's database.</param>
internal readonly record struct Topic(bool IsAccount, long Id)
{
    public static Topic Mailbox(long device) => new(false, device);

    public static Topic LinkAnswers(long account) => new(true, account);

    /// <summary>Reads what <see cref="ToString"/> wrote; null where it is something else.</summary>
    public static Topic? Parse(ReadOnlySpan<char> text) =>
        text is ['m' or 'a', ..] && long.TryParse(text[1..], NumberStyles.None, CultureInfo.InvariantCulture, out long id)
            ? new Topic(text[0] == 'a', id)
            : null;

    public override string ToString() => (IsAccount ? "a" : "m") + Id.ToString(CultureInfo.InvariantCulture);
}
