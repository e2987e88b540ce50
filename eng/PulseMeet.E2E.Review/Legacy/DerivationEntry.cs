using System.Globalization;
using System.Text.Json;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;

namespace PulseMeet.E2E.Review.Legacy;

/// <summary>One entry of the section <c>derivation</c>: derives every legacy key from both sides.</summary>
internal sealed class DerivationEntry : IDisposable
{
    private static readonly LegacyKeyDerivation s_derivation = new();

    private readonly X25519KeyPair _alice;
    private readonly X25519KeyPair _bob;
    private readonly string _conversationId;
    private readonly Dictionary<string, LegacyKey> _keys = [];

    public DerivationEntry(JsonElement entry)
    {
        _alice = X25519KeyPair.Import(LegacyFile.Bytes(entry, "alice_private"));
        _bob = X25519KeyPair.Import(LegacyFile.Bytes(entry, "bob_private"));
        _conversationId = LegacyFile.Text(entry, "conversation_id");
        PublicKeysFit = _alice.PublicKey == X25519PublicKey.FromBase64(LegacyFile.Text(entry, "alice_public"))
            && _bob.PublicKey == X25519PublicKey.FromBase64(LegacyFile.Text(entry, "bob_public"));
        Derive(entry);
    }

    public bool PublicKeysFit { get; }

    /// <summary>Whether both sides derived the same keys.</summary>
    public bool Symmetric { get; private set; } = true;

    /// <summary>The keys that messages and media of this conversation may be under.</summary>
    public IEnumerable<LegacyCandidate> Candidates =>
        from name in new[] { "v0_conversation_key", "v1_conversation_key", "v1_rotated_key", "v1_pulse_key_of_alice", "v1_media_key" }
        where _keys.ContainsKey(name)
        select new LegacyCandidate(name, _keys[name]);

    /// <summary>Compares every derived key with the file's.</summary>
    public IEnumerable<string> Differences(JsonElement entry)
    {
        if (!PublicKeysFit)
        {
            yield return "public keys";
        }

        if (!Symmetric)
        {
            yield return "symmetry";
        }

        if (LegacyFile.Has(entry, "shared_secret") && !SharedSecret().AsSpan().SequenceEqual(LegacyFile.Bytes(entry, "shared_secret")))
        {
            yield return "shared_secret";
        }

        foreach ((string name, LegacyKey key) in _keys)
        {
            if (!key.FixedTimeEquals(LegacyKey.Import(LegacyFile.Bytes(entry, name))))
            {
                yield return name;
            }
        }
    }

    public void Dispose()
    {
        _alice.Dispose();
        _bob.Dispose();
        foreach (LegacyKey key in _keys.Values)
        {
            key.Dispose();
        }
    }

    private byte[] SharedSecret()
    {
        byte[] secret = new byte[32];
        _alice.Agree(_bob.PublicKey, secret);
        return secret;
    }

    private void Derive(JsonElement entry)
    {
        Both("v0_conversation_key", (own, peer) => s_derivation.DeriveV0ConversationKey(own, peer, _conversationId));
        LegacyKey v1 = Both(
            "v1_conversation_key", (own, peer) => s_derivation.DeriveV1ConversationKey(own, peer, _conversationId));
        if (LegacyFile.Has(entry, "v1_media_key"))
        {
            _keys.Add(
                "v1_media_key", s_derivation.DeriveV1MediaKey(v1, LegacyFile.Text(entry, "media_id"), _conversationId));
        }

        if (LegacyFile.Has(entry, "v1_auth_key"))
        {
            _keys.Add("v1_auth_key", s_derivation.DeriveV1AuthenticationKey(v1, _conversationId));
        }

        if (LegacyFile.Has(entry, "v1_device_key"))
        {
            using MasterKey master = MasterKey.Import(LegacyFile.Bytes(entry, "master_key"));
            _keys.Add("v1_device_key", s_derivation.DeriveV1DeviceKey(
                master, LegacyFile.Text(entry, "user_id"), LegacyFile.Text(entry, "device_id")));
        }

        if (LegacyFile.Has(entry, "v1_rotated_key"))
        {
            DateTimeOffset rotatedAt = RotatedAt(LegacyFile.Text(entry, "rotated_conversation_id"));
            Both("v1_rotated_key", (own, peer) => s_derivation.DeriveV1RotatedKey(own, peer, _conversationId, rotatedAt));
        }

        if (LegacyFile.Has(entry, "v1_pulse_key_of_alice"))
        {
            _keys.Add("v1_pulse_key_of_alice", s_derivation.DeriveV1PulseKey(_alice, LegacyFile.Text(entry, "pulse_id")));
        }
    }

    private DateTimeOffset RotatedAt(string rotatedConversationId) =>
        rotatedConversationId.StartsWith(_conversationId + "_", StringComparison.Ordinal)
            ? DateTimeOffset.FromUnixTimeMilliseconds(
                long.Parse(rotatedConversationId[(_conversationId.Length + 1)..], CultureInfo.InvariantCulture))
            : throw new JsonException("The rotated conversation id is not the conversation id with a moment.");

    private LegacyKey Both(string name, Func<X25519KeyPair, X25519PublicKey, LegacyKey> derive)
    {
        LegacyKey key = derive(_alice, _bob.PublicKey);
        using LegacyKey other = derive(_bob, _alice.PublicKey);
        Symmetric &= key.FixedTimeEquals(other);
        _keys.Add(name, key);
        return key;
    }
}
