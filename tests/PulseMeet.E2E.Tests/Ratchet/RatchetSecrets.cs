using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attacks 13 and 35: what a session shows of its secrets, and what is left of them.</summary>
public sealed class RatchetSecrets
{
    [Fact]
    public void A_message_key_that_was_used_is_in_neither_stored_state()
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        byte[] chainKey = Forge.BytesOf(Forge.StateOf(pair.Alice).Sending!);
        byte[] messageKey = Forge.NextMessageKey(pair.Alice);
        byte[] message = pair.Alice.Seal("y"u8);
        pair.Bob.Open(message);
        foreach (RatchetSession session in new[] { pair.Alice, pair.Bob })
        {
            Assert.False(Contains(session, messageKey));
            Assert.False(Contains(session, chainKey));
        }
    }

    [Fact]
    public void A_session_and_its_refusals_print_nothing_of_keys_peers_or_texts()
    {
        SessionPair pair = Sessions.Established();
        byte[] message = pair.Alice.Seal("attack at dawn"u8);
        message[^1] ^= 1;
        string printed = pair.Bob.ToString() + Assert.Throws<E2EException>(() => pair.Bob.Open(message));
        Assert.DoesNotContain("alice", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("dawn", printed, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(message)[20..40], printed, StringComparison.Ordinal);
        using RatchetState state = Forge.StateOf(pair.Bob);
        string rootKey = Convert.ToBase64String(Forge.BytesOf(state.RootKey));
        Assert.DoesNotContain(rootKey[..12], printed + state + state.Own, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disposed_session_has_zeroed_its_keys_and_serves_no_more()
    {
        RatchetState state = Forge.StateOf(Sessions.Established().Bob);
        Span<byte> root = Memory(state.RootKey.Use());
        Span<byte> header = Memory(state.NextReceivingHeaderKey.Use());
        Span<byte> own = Memory(state.Own.Use());
        Span<byte> chain = Memory(state.Receiving[0].ChainKey!.Use());
        Assert.All([root.ToArray(), header.ToArray(), own.ToArray(), chain.ToArray()], key => Assert.Contains(key, b => b != 0));
        state.Dispose();
        Assert.True(root.IndexOfAnyExcept((byte)0) < 0);
        Assert.True(header.IndexOfAnyExcept((byte)0) < 0);
        Assert.True(own.IndexOfAnyExcept((byte)0) < 0);
        Assert.True(chain.IndexOfAnyExcept((byte)0) < 0);

        RatchetSession session = Sessions.Established().Bob;
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Seal("x"u8));
    }

    /// <summary>Looks at the memory after its owner let go of it: what no code of the library can do.</summary>
    private static Span<byte> Memory(SecretScope scope)
    {
        using SecretScope ended = scope;
        return ended.Span;
    }

    private static bool Contains(RatchetSession session, byte[] secret) =>
        session.Serialize().AsSpan().IndexOf(secret) >= 0;
}
