using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>Something that somebody said in a walk.</summary>
/// <param name="Text">Its words, said once in all of the walk.</param>
/// <param name="From">The device that said it.</param>
/// <param name="To">To whom.</param>
/// <param name="For">The devices that were on the sender's lists then: each shows it once, or names it as lost.</param>
/// <param name="Number">How the sender has numbered it; null where the call did not come back: it has happened or not.</param>
internal sealed record Said(string Text, Member From, string To, IReadOnlyList<Member> For, (StreamName Stream, ulong Number)? Number)
{
    /// <summary>The conversation as a device of either side sees it.</summary>
    public string ConversationOf(Member member) => member.UserId == To ? From.UserId : To;
}
