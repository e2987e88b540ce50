using System.Collections.Concurrent;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>What members say to each other about a pulse chat inside their pairwise sessions: which line they are on, what is missing, and
/// what is said again.</summary>
/// <remarks>The relay cannot change it. What came is durable before it is looked at, because the chat's turn is not held where sessions are
/// opened. Believed is a device that is in the chat, under the account key that it has there. docs/protocol-groups.md, "Pulse chats in the
/// client".</remarks>
internal sealed partial class PulseWords(ClientCore core, DeviceLists lists, Conversations conversations)
{
    /// <summary>How many devices are told at a time which line this one is on.</summary>
    public const int MaxToldAtOnce = 8;

    /// <summary>How often they are told without a reason.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    /// <summary>How often they are asked, at most.</summary>
    public static readonly TimeSpan AskInterval = TimeSpan.FromMinutes(10);

    /// <summary>How long it takes until a device that has not answered is asked again; then twice as long each time, up to
    /// <see cref="Interval"/>. Kept in memory.</summary>
    private static readonly TimeSpan s_askAgainInterval = TimeSpan.FromHours(1);

    /// <summary>How often one device is answered in <see cref="AskInterval"/>.</summary>
    private const int MaxAnswers = 4;

    private const int MaxNumbersPerRequest = 1000;

    /// <summary>How often a message is said again to one device in <see cref="Interval"/>: as often as it is asked for at all by one that keeps to the
    /// protocol. Kept in memory.</summary>
    private const int MaxSaidAgain = 8;

    private readonly Dictionary<DeviceAddress, (DateTimeOffset From, Dictionary<StreamNumber, int> Counts)> _saidAgain = [];
    private readonly Dictionary<(PulseId, DeviceAddress), (DateTimeOffset From, int Count)> _answered = [];
    private readonly ConcurrentDictionary<(PulseId, DeviceAddress), (DateTimeOffset At, TimeSpan Pause)> _asked = [];

    /// <summary>Devices that were asked three times and have not answered: what is said to them next is said in a new session, since they may not share the
    /// one that is there any more, and of a member who is no contact nothing is repaired that does not open. Kept in memory.</summary>
    private readonly ConcurrentDictionary<DeviceAddress, bool> _silent = [];

    /// <summary>How often a device was asked for numbers since it answered, and when last. Kept in memory.</summary>
    private readonly ConcurrentDictionary<DeviceAddress, (int Count, DateTimeOffset At)> _vain = [];

    /// <summary>In which epoch a device comes back for nothing but a member's word. Kept in memory; for the one reader of what was said.</summary>
    private readonly Dictionary<PulseId, ulong> _doubts = [];

    /// <summary>Where forks begin that the app was told of: two that stand beside each other are told once each. After a start once more.</summary>
    private readonly HashSet<(PulseId, ulong)> _toldForks = [];

    /// <summary>Takes note of what a device said; for whoever has the device's turn.</summary>
    public void Receive(Work work, UserRecord user, Opened opened)
    {
        if (PulseId.Find(opened.Content.Stream.Conversation.Encoded[3..]) is null)
        {
            throw new E2EException(E2EError.WrongIdentity, "No pulse chat has such an id.");
        }

        var word = new PulseWordRecord(
            opened.Content.Stream.Sender, user.Contact.Account.AccountKey.ToArray(), opened.Content.Encode());
        work.Put(RecordKey.PulseWords, RecordKey.Of(core.Sequence.Next()), word.Encode());
        work.WantPump();
    }

    /// <summary>Looks at what was said.</summary>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        while (await core.Store.ScanAsync(RecordKey.PulseWords, default, default, 100, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                byte[] key = item.Key.ToArray();
                PulseWordRecord word = PulseWordRecord.Decode(item.Value);
                SealedContent content = SealedContent.Decode(word.Content);
                var id = new PulseId(content.Stream.Conversation.Encoded[^PulseId.Size..]);
                await core.ChangeAsync(
                    [Gates.Pulse(id), .. conversations.Turns(word.Device.UserId)],
                    async work =>
                    {
                        work.Delete(RecordKey.PulseWords, key);
                        try
                        {
                            await TakeAsync(work, id, word, content).ConfigureAwait(false);
                        }
                        catch (E2EException exception) when (PulseMessages.IsOfTheMessage(exception.Reason))
                        {
                            work.AddEvent(new PulseMessageUnreadable(id, word.Device, exception.Reason));
                        }
                    },
                    cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task TakeAsync(Work work, PulseId id, PulseWordRecord word, SealedContent content)
    {
        if (await work.PulseAsync(id).ConfigureAwait(false) is not { Record: { IsOpen: true } record, Group: { IsRemoved: false } group } pulse)
        {
            return;
        }

        if (group.Roster.Find(word.Device.UserId) is not { } account
            || !PublicBytes.Equal(account.AccountKey, word.AccountKey)
            || !account.Devices.Any(device => device.Leaf.Address == word.Device))
        {
            // Nobody who is in the chat, as far as this device knows.
            if (content.Type == ContentType.PulseLine)
            {
                NoteStranger(work, pulse, group, word.Device, content.Body.Span);
            }

            return;
        }

        if (ContentType.IsInternal(content.Type))
        {
            // It repeats the highest number: a lost last message shows by it.
            await work.NoteAsync(content.Stream, content.Highest, mayLearn: true).ConfigureAwait(false);
        }

        switch (content.Type)
        {
            case ContentType.PulseLine:
                var line = PulseLine.Decode(content.Body.Span);
                pulse.Record.ToAsk.Remove(word.Device);
                _asked.TryRemove((id, word.Device), out _);
                await work.ReachAsync(content.Stream, line.Since, content.Highest).ConfigureAwait(false);
                Judge(work, pulse, group, word.Device, line);
                break;
            case ContentType.ResendRequest:
                await AnswerAsync(work, record, content, word, ResendNames.Decode(content.Body.Span)).ConfigureAwait(false);
                break;
            case ContentType.Unavailable:
                _vain.TryRemove(word.Device, out _);
                await LoseAsync(work, content, ResendNames.Decode(content.Body.Span)).ConfigureAwait(false);
                break;
            case < ContentType.FirstInternal:
                _vain.TryRemove(word.Device, out _);
                await PulseMessages.TakeAsync(work, pulse, content, isSaidAgain: true).ConfigureAwait(false);
                break;
        }
    }

    private static bool IsOver(DateTimeOffset last, TimeSpan interval, DateTimeOffset now) => now - last >= interval || last > now;
}
