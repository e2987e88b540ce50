using System.Text.Json.Nodes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>One step of the root key, two of the chain key, and the message under the second message key.</summary>
internal sealed class RatchetVectors : IVectorTopic
{
    public string FileName => "ratchet.json";

    public string Description => "Double Ratchet with header encryption: root step, chain steps, sealed header and body.";

    public JsonArray Write()
    {
        var vector = new JsonObject
        {
            ["associated_data"] = Hex(Fixed("transcript")),
            ["root_key"] = Hex(Fixed("root key")),
            ["header_key"] = Hex(Fixed("header key")),
            ["ratchet_private"] = Hex(Fixed("ratchet")),
            ["peer_ratchet_private"] = Hex(Fixed("peer ratchet")),
            ["previous_chain_length"] = 5,
            ["number"] = 1,
            ["nonce"] = Hex(Fixed("message nonce").AsSpan(0, 12)),
            ["app_associated_data"] = Hex("dm_alice_bob"u8),
            ["plaintext"] = Hex("Noted. See you there."u8),
        };
        AddTo(vector, Compute(vector));

        return [vector];
    }

    public IEnumerable<string> Differences(JsonObject vector)
    {
        foreach (string name in Compare(vector, Compute(vector)))
        {
            yield return name;
        }

        if (!Opens(vector))
        {
            yield return "plaintext";
        }
    }

    /// <summary>The receiver's side, by the library's own code: its state before the step, and the message.</summary>
    private static bool Opens(JsonObject vector)
    {
        X25519KeyPair own = X25519KeyPair.Import(Bytes(vector, "peer_ratchet_private"));
        using var receiver = new RatchetState(
            Bytes(vector, "associated_data"), own, Bytes(vector, "root_key"), new byte[32], Bytes(vector, "header_key"));

        // A receiver that has received none of the five messages of the previous chain would have had that chain; this one
        // joins at the first chain, whose message says so only if there was none before.
        receiver.Receiving.Add(new ReceivingChain(0, Fixed("previous header key"), new ChainKey(Fixed("previous chain"), 5), 0, null));
        receiver.NextChainId = 1;
        byte[] opened = RatchetOpening.Open(
            receiver, Bytes(vector, "message"), Bytes(vector, "app_associated_data"), DateTimeOffset.UnixEpoch);
        return Hex(opened) == Text(vector, "plaintext");
    }

    private static JsonObject Compute(JsonObject vector)
    {
        using X25519KeyPair ratchet = X25519KeyPair.Import(Bytes(vector, "ratchet_private"));
        using X25519KeyPair peer = X25519KeyPair.Import(Bytes(vector, "peer_ratchet_private"));
        byte[] step = new byte[RootKey.StepSize];
        RootKey.Step(Bytes(vector, "root_key"), ratchet, peer.PublicKey, step);
        using var chain = new ChainKey(step.AsSpan(32, 32), 0);
        byte[] first = new byte[32];
        byte[] second = new byte[32];
        chain.Step(first);
        byte[] afterFirst = new byte[ChainKey.Size];
        chain.CopyTo(afterFirst);
        chain.Step(second);
        byte[] afterSecond = new byte[ChainKey.Size];
        chain.CopyTo(afterSecond);

        byte[] session = Bytes(vector, "associated_data");
        byte[] nonce = Bytes(vector, "nonce");
        byte[] app = Bytes(vector, "app_associated_data");
        byte[] plaintext = Bytes(vector, "plaintext");
        byte[] header = new byte[RatchetHeader.Size];
        new RatchetHeader(ratchet.PublicKey.Span, (uint)Number(vector, "previous_chain_length"), (uint)Number(vector, "number")).Write(header);
        byte[] sealedHeader = new byte[RatchetHeader.SealedSize];
        AesGcm256.Seal(Bytes(vector, "header_key"), nonce, header, [.. session, 1, 1], sealedHeader);
        byte[] prefix = [1, 1, .. nonce, .. sealedHeader];
        byte[] cipherKey = new byte[32];
        Hkdf.DeriveKey(second, nonce, "PulseMeet-E2E v1 ratchet message"u8, cipherKey);
        byte[] padded = new byte[PaddingScheme.Default.GetPaddedLength(plaintext.Length)];
        Padding.Write(plaintext, padded);
        byte[] body = new byte[padded.Length + AesGcm256.TagSize];
        AesGcm256.Seal(cipherKey, nonce, padded, [.. session, .. prefix, .. app], body);
        return new JsonObject
        {
            ["ratchet_public"] = ratchet.PublicKey.ToHex(),
            ["peer_ratchet_public"] = peer.PublicKey.ToHex(),
            ["next_root_key"] = Hex(step.AsSpan(0, 32)),
            ["chain_key"] = Hex(step.AsSpan(32, 32)),
            ["next_header_key"] = Hex(step.AsSpan(64, 32)),
            ["message_key_0"] = Hex(first),
            ["chain_key_1"] = Hex(afterFirst),
            ["message_key_1"] = Hex(second),
            ["chain_key_2"] = Hex(afterSecond),
            ["header"] = Hex(header),
            ["sealed_header"] = Hex(sealedHeader),
            ["cipher_key"] = Hex(cipherKey),
            ["message"] = Hex([.. prefix, .. body]),
        };
    }
}
