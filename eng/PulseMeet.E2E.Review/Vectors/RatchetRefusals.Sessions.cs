using System.Text.Json.Nodes;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <content>Stored sessions.</content>
internal sealed partial class RatchetRefusals
{
    private const string Session = "stored session";

    private static IEnumerable<Entry> Sessions()
    {
        byte[] good = s_stored;
        int certificateEnd = 3 + Bytes(s_session, "peer_certificate").Length;
        int establishedAt = certificateEnd + Sha256.Size + 1;
        int ratchetAt = establishedAt + 8 + 2;
        int ownPublicAt = ratchetAt + (5 * 32);
        yield return new(Session, [], E2EError.InvalidEncoding, "empty");
        yield return new(Session, [1, .. good[1..]], E2EError.UnsupportedVersion, "version 1");
        yield return new(Session, [3, .. good[1..]], E2EError.UnsupportedVersion, "version 3");
        yield return new(Session, good[..^1], E2EError.InvalidEncoding, "too short");
        yield return new(Session, [.. good, 0], E2EError.InvalidEncoding, "a byte behind it");
        yield return new(Session, [.. good[..3], 1, .. good[4..]], E2EError.UnsupportedVersion, "a certificate of version 1");
        yield return new(Session, Put(good, 1, [0xff, 0xff]), E2EError.InvalidEncoding, "a certificate longer than all of it");
        yield return new(Session, Put(good, 6, [0xc3, 0x28]), E2EError.InvalidEncoding, "a certificate whose user id is not UTF-8");
        yield return new(Session, Put(good, 4, [0, 0]), E2EError.InvalidEncoding, "a certificate with an empty user id");
        yield return new(
            Session, Put(good, 3 + 1 + 2 + 9 + 2 + 5 + 32, new byte[32]), E2EError.InvalidPublicKey, "an identity key of low order");
        yield return new(Session, Put(good, establishedAt - 1, [2]), E2EError.InvalidEncoding, "a flag of 2");
        yield return new(Session, Put(good, establishedAt, [0, 0, 0, 0x3b, 0, 0, 0, 0]), E2EError.InvalidEncoding, "begun in the year 10000 or later");
        byte[] pending = new byte[HandshakeHeader.MaxSize + 1];
        yield return new(
            Session, [.. good[..(ratchetAt - 2)], (byte)(pending.Length >> 8), (byte)pending.Length, .. pending, .. good[ratchetAt..]],
            E2EError.LimitExceeded, "a first message's header longer than any");
        yield return new(Session, Put(good, ownPublicAt, new byte[32]), E2EError.InvalidPublicKey, "an own ratchet key of low order");
        yield return new(Session, Put(good, ownPublicAt + 33, new byte[32]), E2EError.InvalidPublicKey, "a peer's ratchet key of low order");
        yield return Changed(state => state.Peer = null, E2EError.InvalidEncoding, "no ratchet key of the peer's");
        yield return Of(
            vector => (vector["sending_chain"], vector["receiving_chains"], vector["missing_messages"]) = (null, new JsonArray(), new JsonArray()),
            E2EError.InvalidEncoding, "neither sent nor received");
        yield return Changed(AddThreeChains, E2EError.LimitExceeded, "six receiving chains");
        yield return Chains(chains => chains.Reverse(), E2EError.InvalidEncoding, "a closed chain before the open one");
        yield return Chains(
            chains => chains[1]["id"] = 4, E2EError.InvalidEncoding, "two receiving chains with one id");
        yield return Of(vector => vector["next_chain_id"] = 4, E2EError.InvalidEncoding, "the next chain id is taken");
        yield return Chains(
            chains => (chains[1]["chain_key"], chains[1]["index"]) = (Hex(Fixed("chain key")), 6), E2EError.InvalidEncoding, "a second open chain");
        yield return Changed(AddSkippedKeys, E2EError.InvalidEncoding, "keys of missing messages that the chain has not reached");
        yield return new(Session, [.. good[..^(2 + (3 * 52))], 0x07, 0xd1], E2EError.LimitExceeded, "2,001 keys of missing messages");
        yield return Of(
            vector => vector["missing_messages"]![0]!["chain_id"] = 2, E2EError.InvalidEncoding, "a missing message of no chain that is there");
        byte[] last = good[^52..];
        yield return new(Session, [.. good[..^(2 + (3 * 52))], 0, 2, .. last, .. last], E2EError.InvalidEncoding, "a missing message twice");
        yield return new(
            Session, Put(good, good.Length - 40, [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), E2EError.InvalidEncoding,
            "a key stored after the year 9999");
    }

    private static Entry Chains(Action<List<JsonObject>> change, E2EError reason, string why) => Of(
        vector =>
        {
            List<JsonObject> chains = [.. vector["receiving_chains"]!.AsArray().Select(chain => chain!.DeepClone().AsObject())];
            change(chains);
            vector["receiving_chains"] = new JsonArray([.. chains]);
            vector["missing_messages"] = new JsonArray();
        },
        reason,
        why);

    private static Entry Of(Action<JsonObject> change, E2EError reason, string why)
    {
        JsonObject vector = StoredSessionInputs.InTheMiddle();
        change(vector);
        SessionState state = FixedSession.State(vector);
        using RatchetState ratchet = state.Ratchet;
        return new(Session, SessionStateCodec.Write(state), reason, why);
    }

    private static Entry Changed(Action<RatchetState> change, E2EError reason, string why)
    {
        SessionState state = FixedSession.State(StoredSessionInputs.InTheMiddle());
        using RatchetState ratchet = state.Ratchet;
        change(ratchet);
        return new(Session, SessionStateCodec.Write(state), reason, why);
    }

    private static void AddThreeChains(RatchetState state)
    {
        for (ulong id = 5; id < 8; id++)
        {
            state.Receiving.Add(new ReceivingChain(id, Fixed($"header key of chain {id}"), null, 1, DateTimeOffset.UnixEpoch));
        }

        state.NextChainId = 9;
    }

    private static void AddSkippedKeys(RatchetState state) =>
        state.Skipped.Add(4, 7, FixedSession.Time(Number(s_session, "now")), Fixed("key ahead"));

    private static byte[] Put(byte[] good, int at, byte[] bytes) => [.. good[..at], .. bytes, .. good[(at + bytes.Length)..]];
}
