using PulseMeet.E2E.Ratchet;

namespace PulseMeet.E2E.Tests.Support;

/// <summary>Two ends of one session.</summary>
internal sealed record SessionPair(RatchetSession Alice, RatchetSession Bob, TestClock Clock);

internal static class Sessions
{
    /// <summary>Alice has written, Bob has answered: both sides know that the other has the session.</summary>
    public static SessionPair Established(RatchetOptions? options = null)
    {
        SessionPair pair = Begun(options);
        pair.Alice.Open(pair.Bob.Seal("welcome"u8));
        return pair;
    }

    /// <summary>Alice has written; Bob has not answered yet.</summary>
    public static SessionPair Begun(RatchetOptions? options = null)
    {
        var clock = new TestClock();
        var alice = new Party("alice", clock);
        var bob = new Party("bob", clock);
        RatchetSession session = RatchetSession.Initiate(
            alice.Identity, bob.AsPeer, bob.Bundle(), options ?? alice.Options, alice.PreKeyOptions, clock);
        AcceptedSession accepted = RatchetSession.Accept(
            bob.PreKeys, alice.AsPeer, session.Seal("hello"u8), options ?? bob.Options, clock);
        return new(session, accepted.Session, clock);
    }

    /// <summary>A question and an answer: one ratchet step on each side.</summary>
    public static void RoundTrip(SessionPair pair)
    {
        pair.Alice.Open(pair.Bob.Seal("question"u8));
        pair.Bob.Open(pair.Alice.Seal("answer"u8));
    }

    /// <summary>An independent copy, as a store would give it back.</summary>
    public static RatchetSession Copy(this RatchetSession session, TestClock clock) =>
        RatchetSession.Deserialize(session.Serialize(), new RatchetOptions(), clock);
}
