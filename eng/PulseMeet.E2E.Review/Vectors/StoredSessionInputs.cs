using System.Text.Json.Nodes;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>What the sessions of stored-session.json are made of.</summary>
internal static class StoredSessionInputs
{
    private static readonly DateTimeOffset s_time = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public static IEnumerable<JsonObject> All() => [InTheMiddle(), AfterAStep(), Unanswered()];

    /// <summary>The responder: a sending chain, an open receiving chain and two closed ones, missing messages in two of them.</summary>
    public static JsonObject InTheMiddle()
    {
        JsonObject vector = Common("in the middle of a conversation", "responder");
        vector["one_time_pair_id"] = 2;
        vector["sending_chain"] = Open("sending", 4);
        vector["previous_sending_chain_length"] = 3;
        vector["next_chain_id"] = 5;
        vector["receiving_chains"] = new JsonArray(
            With(Open("open", 7), "id", 4), Closed(3, 6, days: 2), Closed(1, 9, days: 20));
        vector["missing_messages"] = new JsonArray(Missing(1, 8, days: 20), Missing(3, 5, days: 2), Missing(4, 0, days: 1));
        return vector;
    }

    /// <summary>The initiator, who has not written since the peer's last step.</summary>
    private static JsonObject AfterAStep()
    {
        JsonObject vector = Common("after a step of the peer's", "initiator");
        vector["sending_chain"] = null;
        vector["previous_sending_chain_length"] = 1;
        vector["next_chain_id"] = 1;
        vector["receiving_chains"] = new JsonArray(With(Open("open", 1), "id", 0));
        vector["missing_messages"] = new JsonArray();
        return vector;
    }

    /// <summary>The initiator, whom nobody has answered: the handshake's header is kept, and there is no receiving chain.</summary>
    private static JsonObject Unanswered()
    {
        JsonObject vector = Common("unanswered", "initiator");
        vector["one_time_pair_id"] = 2;
        vector["is_unanswered"] = true;
        vector["sending_chain"] = Open("sending", 2);
        vector["previous_sending_chain_length"] = 0;
        vector["next_chain_id"] = 0;
        vector["receiving_chains"] = new JsonArray();
        vector["missing_messages"] = new JsonArray();
        return vector;
    }

    private static JsonObject Common(string what, string side)
    {
        var vector = new JsonObject { ["what"] = what, ["side"] = side };
        foreach (string name in new[] { "initiator", "responder" })
        {
            foreach (string key in new[] { "account", "identity", "signing", "MLS" })
            {
                vector[$"{name}_{key.ToLowerInvariant()}_private"] = Hex(Fixed($"{name} {key}"));
            }

            vector[name + "_user_id"] = name;
            vector[name + "_device_id"] = "phone";
        }

        vector["not_before"] = s_time.ToUnixTimeSeconds();
        vector["not_after"] = s_time.AddYears(1).ToUnixTimeSeconds();
        vector["signed_pair_id"] = 1;
        vector["one_time_pair_id"] = null;
        vector["ephemeral_private"] = Hex(Fixed("ephemeral"));
        vector["kem_ciphertext"] = Hex([.. Enumerable.Range(0, 34).SelectMany(i => Fixed($"ciphertext {i}"))]);
        vector["established"] = s_time.AddDays(40).ToUnixTimeSeconds();
        vector["now"] = Day(0);
        vector["is_unanswered"] = false;
        vector["app_associated_data"] = Hex("dm_alice_bob"u8);
        vector["transcript"] = Hex(Fixed("transcript"));
        vector["root_key"] = Hex(Fixed("root key"));
        vector["next_sending_header_key"] = Hex(Fixed("next sending header key"));
        vector["next_receiving_header_key"] = Hex(Fixed("next receiving header key"));
        vector["own_ratchet_private"] = Hex(Fixed("ratchet"));
        vector["peer_ratchet_private"] = Hex(Fixed("peer ratchet"));
        return vector;
    }

    private static JsonObject Open(string name, long index) => new()
    {
        ["header_key"] = Hex(Fixed(name + " header key")),
        ["chain_key"] = Hex(Fixed(name + " chain key")),
        ["index"] = index,
    };

    private static JsonObject Closed(long id, long length, int days) => new()
    {
        ["id"] = id,
        ["header_key"] = Hex(Fixed($"header key of chain {id}")),
        ["length"] = length,
        ["closed"] = Day(days),
    };

    private static JsonObject Missing(long chain, long number, int days) => new()
    {
        ["chain_id"] = chain,
        ["number"] = number,
        ["stored"] = Day(days),
        ["key"] = Hex(Fixed($"key of message {number} of chain {chain}")),
    };

    private static JsonObject With(JsonObject chain, string name, long value)
    {
        chain[name] = value;
        return chain;
    }

    /// <summary>So many days before the vectors' present.</summary>
    private static long Day(int before) => s_time.AddDays(70 - before).ToUnixTimeSeconds();
}
