using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>Whether what a walk came to is what was promised. Each message that a device has not shown is looked at by itself: it was
/// noticed there as missing, under its own number, and given up with an event; or it was said before the device had heard of its
/// sender at all; or it was the last of a device that was removed; or it had been received by a store that was then put back; or the sender's
/// was put back to a moment after which the relay had heard nothing of it; or the sender's app was told that the device has no keys.</summary>
internal sealed class Verdict(Walk walk, string course)
{
    private int _shown;
    private int _lost;
    private int _beforeTheFirst;
    private int _unheard;
    private int _forgotten;
    private int _unseen;
    private int _unreachable;

    public async Task AssertAsync(Member member)
    {
        foreach (MessageReceived shown in member.Messages)
        {
            Assert.True(
                walk.Everything.Any(said => IsShown(said, shown, member) && (said.To == member.UserId || said.From.UserId == member.UserId)),
                $"{member.Address} shows what nobody said to it: {shown.Sender}; {course}");
        }

        foreach (IGrouping<(Member From, string To), Said> said in walk.Everything
            .Where(said => said.From != member && (said.To == member.UserId || said.From.UserId == member.UserId))
            .GroupBy(said => (said.From, said.To)))
        {
            ulong givenUp = 0;
            foreach (Said one in said)
            {
                int count = member.Messages.Count(message => IsShown(one, message, member));
                Assert.True(count <= 1 || walk.PutBack.Contains(member), $"«{one.Text}» {count} times on {member.Address}; {course}");
                _shown += count > 0 ? 1 : 0;
                if (count == 0 && one.Number is { } number && one.For.Contains(member))
                {
                    givenUp += await IsGivenUpAsync(member, one, number.Stream, number.Number) ? 1UL : 0;
                }
            }

            string with = said.First().ConversationOf(member);
            ulong lost = member.Seen.OfType<MessagesMissing>()
                .Where(gap => gap.IsLost && gap.Sender == said.Key.From.Address && gap.ConversationWith == with)
                .Aggregate(0UL, (sum, gap) => sum + gap.Count);
            Assert.True(
                givenUp <= lost,
                $"{member.Address} has given up {givenUp} of {said.Key.From.Address} to {said.Key.To} and named {lost}; {course}");
        }
    }

    public void AssertNoKeyTwice()
    {
        string[] nonces = [.. walk.World.Relay.Delivered.Select(item => Nonces.Of(item.Envelope))];
        Assert.True(nonces.Length == nonces.Distinct().Count(), $"a cipher key twice; {course}");
    }

    public void AssertNothingWasMissing()
    {
        foreach (Member member in walk.Devices)
        {
            E2EEvent[] bad = [.. member.Seen.Where(e => e is StoreRolledBack || (AboutALoss(e) is { } device && !walk.HasGone(device)))];
            Assert.True(bad.Length == 0, $"{member.Address} was told {string.Join(", ", bad.Select(Name))}; {course}");
        }
    }

    /// <summary>The device of which an event says that something of it is missing or could not be read, or that a session with it failed; null
    /// for any other event.</summary>
    private static DeviceAddress? AboutALoss(E2EEvent told) => told switch
    {
        MessagesMissing missing => missing.Sender,
        MessageUnreadable unreadable => unreadable.ClaimedSender,
        SessionRepaired repaired => repaired.Device,
        _ => null,
    };

    private static string Name(E2EEvent told) => told switch
    {
        MessageUnreadable unreadable => $"{nameof(MessageUnreadable)} ({unreadable.Reason} of {unreadable.ClaimedSender})",
        MessagesMissing missing => $"{nameof(MessagesMissing)} ({missing.Count} of {missing.Sender}, {missing.IsLost})",
        _ => $"{told.GetType().Name} ({AboutALoss(told)})",
    };

    public override string ToString() =>
        $"{walk.Everything.Count} said on {walk.Devices.Count} devices, shown {_shown} times, {_lost} named as lost, {_beforeTheFirst} said before a device had heard of the sender, {_unheard} the last of a device that is gone, {_forgotten} received after the copy of a store that was put back, {_unseen} under a number of before a return that nobody could see, {_unreachable} for a device without keys";

    private string Told(Member member, Member of) => string.Join(
        ", ",
        member.Seen.Where(told => AboutALoss(told) == of.Address).Select(Name)
            .Prepend($"{(walk.PutBack.Contains(member) ? "put back itself" : "never put back")}, told"));

    private static bool IsShown(Said said, MessageReceived message, Member member) => message.Content is TextContent text
        && text.Value == said.Text && message.Sender == said.From.Address && message.ConversationWith == said.ConversationOf(member);

    private async Task<bool> IsGivenUpAsync(Member member, Said said, StreamName name, ulong number)
    {
        string what = $"«{said.Text}», number {number} of {name.StreamId}, on {member.Address}";
        IncomingStream stream = await Listed.StreamAsync(member, name);
        Assert.False(walk.HasToCome(member, (name, number)), $"{what} was asked for in time, and did not come; {course}");
        Assert.False(
            stream.Missing.Concat(stream.Named).Any(range => range.Contains(number)), $"{what} is still missing; {course}");
        if (walk.PutBack.Contains(member) && number > stream.Highest && await Listed.IsDeliveredAsync(said.From, member, name, number))
        {
            // It came after the copy was made, and the sender's stream has ended since: nothing is left to say so.
            _forgotten++;
            return false;
        }

        if (number > stream.Highest && said.From.Seen.OfType<DeviceUnreachable>().Any(told => told.Device == member.Address))
        {
            // There were no keys to seal it with, and the sender's app was told; in a stream that has ended nothing else says so.
            _unreachable++;
            return false;
        }

        if (!walk.Devices.Contains(said.From) && number > stream.Highest)
        {
            // A device that is gone says nothing any more from which its last message could be missed.
            _unheard++;
            return false;
        }

        if (stream.Baseline == 0 || number < stream.Baseline)
        {
            Assert.True(
                walk.IsFirstContact(member, said) || walk.PutBack.Contains(member),
                $"{what} lies before the first that came, {stream.Baseline}; {course}");
            _beforeTheFirst++;
            return false;
        }

        Assert.True(number <= stream.Highest, $"{what} was not heard of, nothing behind {stream.Highest} was; {course}");
        if (walk.PutBackUnseen.Contains(said.From) && walk.WasGivenBefore((name, number)))
        {
            // Its number was given before, to a message that the copy of an open store does not have, and the relay had heard of nothing.
            _unseen++;
            return false;
        }

        Assert.True(
            walk.Missed(member).Contains((name, number)),
            $"{what}, which has {stream.Baseline} to {stream.Highest}, is gone without a word, {Told(member, said.From)}; {course}");
        Assert.False(
            walk.Devices.Contains(said.From) && await Listed.IsKeptAsync(said.From, member, name, number),
            $"{what} is given up, though its sender has it and could send it again; {course}");
        _lost++;
        return true;
    }
}
