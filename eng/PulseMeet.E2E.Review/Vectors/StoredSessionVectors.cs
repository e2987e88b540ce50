using System.Text.Json.Nodes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Ratchet;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Stored sessions, what opens on them, and what they are afterwards.</summary>
internal sealed class StoredSessionVectors : IVectorTopic
{
    public string FileName => "stored-session.json";

    public string Description =>
        "Stored sessions: one in the middle of a conversation, one that has just followed a step of the peer's, one that nobody has answered. At the time "
        + "«now» the messages of «opens» open in this order, with «app_associated_data», and leave «stored_afterwards».";

    public JsonArray Write() => [.. StoredSessionInputs.All().Select(Complete)];

    public IEnumerable<string> Differences(JsonObject vector)
    {
        JsonObject? inputs = StoredSessionInputs.All().FirstOrDefault(inputs => Text(inputs, "what") == Text(vector, "what"));
        return inputs is null ? ["what"] : Compare(vector, inputs).Concat(Compare(vector, Compute(vector))).Concat(Opened(vector));
    }

    /// <summary>What the inputs give: the stored form and, made from the sender's side, the messages.</summary>
    public static JsonObject Complete(JsonObject inputs)
    {
        AddTo(inputs, Compute(inputs));
        inputs["stored_afterwards"] = Hex(Afterwards(inputs, out _));
        return inputs;
    }

    /// <summary>The library's own side: the session reads, writes itself again, and opens what it has to.</summary>
    private static IEnumerable<string> Opened(JsonObject vector)
    {
        using (RatchetSession session = Load(vector))
        {
            if (Hex(session.Serialize()) != Text(vector, "stored"))
            {
                yield return "stored";
            }
        }

        if (Hex(Afterwards(vector, out bool areAllOpened)) != Text(vector, "stored_afterwards"))
        {
            yield return "stored_afterwards";
        }

        if (!areAllOpened)
        {
            yield return "opens";
        }
    }

    private static byte[] Afterwards(JsonObject vector, out bool areAllOpened)
    {
        using RatchetSession session = Load(vector);
        areAllOpened = true;
        foreach (JsonNode? node in vector["opens"]!.AsArray())
        {
            JsonObject message = node!.AsObject();
            byte[] plaintext = session.Open(Bytes(message, "message"), Bytes(vector, "app_associated_data"));
            areAllOpened &= Hex(plaintext) == Text(message, "plaintext");
        }

        return session.Serialize();
    }

    private static RatchetSession Load(JsonObject vector) => RatchetSession.Deserialize(
        Bytes(vector, "stored"), new RatchetOptions(), new FixedClock(FixedSession.Time(Number(vector, "now"))));

    private static JsonObject Compute(JsonObject vector)
    {
        SessionState state = FixedSession.State(vector);
        using RatchetState ratchet = state.Ratchet;
        return new JsonObject
        {
            ["peer_certificate"] = Hex(state.Peer.Encoded),
            ["handshake_header"] = Hex(FixedSession.Header(vector).Encoded),
            ["handshake_hash"] = Hex(state.HandshakeHash),
            ["own_ratchet_public"] = ratchet.Own.PublicKey.ToHex(),
            ["peer_ratchet_public"] = ratchet.Peer!.ToHex(),
            ["stored"] = Hex(SessionStateCodec.Write(state)),
            ["opens"] = new JsonArray([.. Messages(vector, ratchet.Own.PublicKey)]),
        };
    }

    /// <summary>A late message of each missing key, one that skips another in the open chain, and the second of a new chain.</summary>
    private static IEnumerable<JsonNode> Messages(JsonObject vector, X25519PublicKey own)
    {
        byte[] transcript = Bytes(vector, "transcript");
        byte[] peerKey = Public(Bytes(vector, "peer_ratchet_private"));
        JsonObject[] chains = [.. vector["receiving_chains"]!.AsArray().Select(chain => chain!.AsObject())];
        foreach (JsonNode? node in vector["missing_messages"]!.AsArray())
        {
            JsonObject missing = node!.AsObject();
            JsonObject chain = chains.Single(chain => Number(chain, "id") == Number(missing, "chain_id"));
            byte[] ratchetKey = chain == chains[0] ? peerKey : Public(Fixed($"ratchet key of chain {Number(chain, "id")}"));
            yield return Opens(vector, "late", new FixedMessage(
                transcript, Bytes(chain, "header_key"), ratchetKey, 0, (uint)Number(missing, "number"), Bytes(missing, "key"),
                FixedMessage.NonceOf("late nonce")));
        }

        uint reached = 0;
        if (chains.Length > 0)
        {
            uint index = (uint)Number(chains[0], "index");
            reached = index + 2;
            yield return Opens(vector, "the next but one", new FixedMessage(
                transcript, Bytes(chains[0], "header_key"), peerKey, 0, index + 1,
                FixedMessage.KeyAt(Bytes(chains[0], "chain_key"), index, index + 1), FixedMessage.NonceOf("skipping nonce")));
        }

        if (vector["sending_chain"] is not null)
        {
            byte[] next = Fixed("the peer's next ratchet key");
            byte[] step = FixedMessage.Step(Bytes(vector, "root_key"), next, own);
            yield return Opens(vector, "the second of a new chain", new FixedMessage(
                transcript, Bytes(vector, "next_receiving_header_key"), Public(next), chains.Length > 0 ? reached + 1 : 0, 1,
                FixedMessage.KeyAt(step[32..64], 0, 1), FixedMessage.NonceOf("step nonce")));
        }
    }

    private static JsonObject Opens(JsonObject vector, string text, FixedMessage message)
    {
        byte[] plaintext = System.Text.Encoding.UTF8.GetBytes(text);
        return new JsonObject
        {
            ["number"] = message.Number,
            ["message_key"] = Hex(message.MessageKey),
            ["plaintext"] = Hex(plaintext),
            ["message"] = Hex(message.Seal(plaintext, Bytes(vector, "app_associated_data"))),
        };
    }

    private static byte[] Public(byte[] privateKey)
    {
        using X25519KeyPair pair = X25519KeyPair.Import(privateKey);
        return pair.PublicKey.Span.ToArray();
    }
}
