using System.Text.Json.Nodes;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A session out of the inputs of a vector of stored-session.json.</summary>
internal static class FixedSession
{
    public static HandshakeHeader Header(JsonObject vector)
    {
        using DeviceIdentity initiator = FixedDevice.Read(vector, "initiator");
        using X25519KeyPair ephemeral = X25519KeyPair.Import(Bytes(vector, "ephemeral_private"));
        return HandshakeHeader.Create(
            initiator.Certificate,
            new PreKeyNames(
                (uint)Number(vector, "signed_pair_id"), IsThere(vector, "one_time_pair_id") ? (uint)Number(vector, "one_time_pair_id") : null),
            ephemeral.PublicKey,
            Bytes(vector, "kem_ciphertext"));
    }

    /// <summary>The session; its ratchet is the caller's to dispose.</summary>
    public static SessionState State(JsonObject vector)
    {
        using DeviceIdentity peer = FixedDevice.Read(vector, Text(vector, "side") == "initiator" ? "responder" : "initiator");
        HandshakeHeader header = Header(vector);
        return new SessionState(
            Ratchet(vector), peer.Certificate, header.HashOfHandshake(), header.Info, Time(Number(vector, "established")))
        {
            Pending = (bool)vector["is_unanswered"]! ? header.Encoded.ToArray() : null,
        };
    }

    private static RatchetState Ratchet(JsonObject vector)
    {
        var ratchet = new RatchetState(
            Bytes(vector, "transcript"),
            X25519KeyPair.Import(Bytes(vector, "own_ratchet_private")),
            Bytes(vector, "root_key"),
            Bytes(vector, "next_sending_header_key"),
            Bytes(vector, "next_receiving_header_key"))
        {
            PreviousChainLength = (uint)Number(vector, "previous_sending_chain_length"),
            NextChainId = (ulong)Number(vector, "next_chain_id"),
        };
        using X25519KeyPair peer = X25519KeyPair.Import(Bytes(vector, "peer_ratchet_private"));
        ratchet.Peer = peer.PublicKey;
        if (vector["sending_chain"] is JsonObject sending)
        {
            ratchet.RestoreSending(Bytes(sending, "header_key"), Chain(sending));
        }

        foreach (JsonNode? node in vector["receiving_chains"]!.AsArray())
        {
            JsonObject chain = node!.AsObject();
            bool isOpen = IsThere(chain, "chain_key");
            ratchet.Receiving.Add(new ReceivingChain(
                (ulong)Number(chain, "id"),
                Bytes(chain, "header_key"),
                isOpen ? Chain(chain) : null,
                isOpen ? 0 : (uint)Number(chain, "length"),
                isOpen ? null : Time(Number(chain, "closed"))));
        }

        foreach (JsonNode? node in vector["missing_messages"]!.AsArray())
        {
            JsonObject missing = node!.AsObject();
            ratchet.Skipped.Add(
                (ulong)Number(missing, "chain_id"), (uint)Number(missing, "number"), Time(Number(missing, "stored")), Bytes(missing, "key"));
        }

        return ratchet;
    }

    public static DateTimeOffset Time(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds);

    private static ChainKey Chain(JsonObject chain) => new(Bytes(chain, "chain_key"), (uint)Number(chain, "index"));

    private static bool IsThere(JsonObject vector, string name) => vector[name] is not null;
}
