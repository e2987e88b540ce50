using FsCheck;
using FsCheck.Xunit;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Sealing;

/// <summary>Attacks 32 to 34: what was sealed opens whole, in its place, under its kind of key, or not at all.</summary>
public sealed class MessageSealing
{
    private static readonly MessageContext s_context = new("conversation", "alice", "bob", "1");
    private static readonly ConversationKey s_key = ConversationKey.Import(Bytes(32, 7));
    private static readonly MessageSealer s_sealer = new(new MessageSealingOptions());

    private static readonly PaddingScheme[] s_schemes =
        [PaddingScheme.Padme, PaddingScheme.None, PaddingScheme.Block(2), PaddingScheme.Block(256), PaddingScheme.Block(65536)];

    [Property(MaxTest = 200)]
    public bool Every_text_opens_again_under_every_padding_with_a_sealer_that_knows_another(byte[] text, NonEmptyString id)
    {
        MessageContext context = Context(id.Get);
        return s_schemes.All(padding =>
        {
            var sealer = new MessageSealer(new MessageSealingOptions { Padding = padding });
            byte[] message = sealer.Seal(s_key, text, context);
            return message.Length == sealer.GetSealedLength(text.Length)
                && s_sealer.Open(s_key, message, context).AsSpan().SequenceEqual(text);
        });
    }

    [Fact]
    public void A_body_of_the_longest_length_is_looked_at_and_one_byte_more_is_not()
    {
        byte[] body = new byte[SealedBody.MaxSealed + 1];
        SealedBody.CheckLength(body.AsSpan(1));
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => SealedBody.CheckLength(body)));
    }

    [Fact]
    public void A_sealer_without_options_or_padding_is_a_callers_mistake()
    {
        Assert.Equal("options", Assert.Throws<ArgumentNullException>(() => new MessageSealer(null!)).ParamName);
        Assert.Throws<ArgumentNullException>(() => new MessageSealer(new MessageSealingOptions { Padding = null! }));
    }

    [Fact]
    public void A_message_without_a_key_or_a_place_is_a_callers_mistake()
    {
        byte[] message = s_sealer.Seal(s_key, "text"u8, s_context);
        (string Name, Action Call)[] calls =
        [
            ("key", () => s_sealer.Seal((ConversationKey)null!, default, s_context)), ("context", () => s_sealer.Seal(s_key, default, null!)),
            ("key", () => s_sealer.Open((ConversationKey)null!, message, s_context)), ("context", () => s_sealer.Open(s_key, message, null!)),
        ];
        Assert.All(calls, call => Assert.Equal(call.Name, Assert.Throws<ArgumentNullException>(call.Call).ParamName));
    }

    [Fact]
    public void A_changed_bit_anywhere_is_refused()
    {
        byte[] message = s_sealer.Seal(s_key, "some text"u8, s_context);
        for (int bit = 0; bit < message.Length * 8; bit++)
        {
            byte[] changed = [.. message];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            E2EError expected = bit < 8 ? E2EError.UnsupportedVersion : E2EError.NotAuthentic;
            Assert.Equal(expected, Refusal.Of(() => s_sealer.Open(s_key, changed, s_context)));
        }
    }

    [Fact]
    public void Every_truncation_and_every_extension_is_refused()
    {
        byte[] message = s_sealer.Seal(s_key, "some text"u8, s_context);
        for (int length = 0; length < message.Length; length++)
        {
            Assert.Throws<E2EException>(() => s_sealer.Open(s_key, message.AsSpan(0, length), s_context));
        }

        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => s_sealer.Open(s_key, [.. message, 0], s_context)));
    }

    [Property(MaxTest = 200)]
    public bool Arbitrary_bytes_are_refused_with_a_reason(byte[] bytes) =>
        Refusal.IsDocumented(() => s_sealer.Open(s_key, bytes, s_context))
        && Refusal.IsDocumented(() => s_sealer.Open(s_key, [1, .. bytes], s_context));

    [Fact]
    public void A_message_opens_only_in_its_own_place()
    {
        byte[] message = s_sealer.Seal(s_key, "text"u8, s_context);
        MessageContext[] others =
        [
            new("conversatioN", "alice", "bob", "1"),
            new("conversation", "bob", "alice", "1"), // the two parties swapped: reflection
            new("alice", "conversation", "bob", "1"),
            new("conversation", "alice", "1", "bob"),
            new("conversation", "alice", "carol", "1"),
            new("conversation", "carol", "bob", "1"),
            new("conversation", "alice", "bob", "2"),
        ];
        Assert.All(others, other =>
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => s_sealer.Open(s_key, message, other))));
    }

    [Property(MaxTest = 300)]
    public bool Moving_the_boundary_between_two_fields_gives_another_context(NonEmptyString text, int cut)
    {
        string whole = Context(text.Get).ConversationId + "xyz";
        int first = 1 + (int)((uint)cut % (whole.Length - 2));
        int second = 1 + (first % (whole.Length - 1));
        if (first == second || char.IsLowSurrogate(whole[first]) || char.IsLowSurrogate(whole[second]))
        {
            return true;
        }

        byte[] message = s_sealer.Seal(s_key, "t"u8, new MessageContext(whole[..first], whole[first..], "b", "1"));
        var moved = new MessageContext(whole[..second], whole[second..], "b", "1");
        return !Opens(() => s_sealer.Open(s_key, message, moved));
    }

    [Fact]
    public void No_two_contexts_with_the_same_text_in_all_encode_alike()
    {
        var seen = new HashSet<string>();
        byte[] encoded = new byte[MessageContext.MaxEncodedSize];
        const string text = "abcdefg";
        for (int i = 1; i < 5; i++)
        {
            for (int j = i + 1; j < 6; j++)
            {
                for (int k = j + 1; k < 7; k++)
                {
                    int length = new MessageContext(text[..i], text[i..j], text[j..k], text[k..]).Encode(encoded);
                    Assert.True(seen.Add(Convert.ToHexString(encoded, 0, length)));
                }
            }
        }
    }

    [Fact]
    public void The_bytes_of_one_key_in_the_place_of_another_kind_open_nothing()
    {
        byte[] bytes = Bytes(32, 9);
        using var conversation = ConversationKey.Import(bytes);
        using var archive = ArchiveKey.Import(bytes);
        byte[] message = s_sealer.Seal(conversation, "text"u8, s_context);
        byte[] archived = s_sealer.Seal(archive, "text"u8, s_context);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => s_sealer.Open(archive, message, s_context)));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => s_sealer.Open(conversation, archived, s_context)));
        Assert.False(conversation.FixedTimeEquals(archive));
    }

    [Fact]
    public void Every_other_key_of_a_conversation_imported_as_its_conversation_key_opens_nothing()
    {
        var derivation = new KeyDerivationService(new KeyDerivationOptions(), new TestClock());
        using X25519KeyPair own = X25519KeyPair.Generate();
        using X25519KeyPair peer = X25519KeyPair.Generate();
        using var master = MasterKey.Import(Bytes(32, 1));
        var place = new ConversationContext("conversation");
        using ConversationKeys keys = derivation.DeriveConversationKeys(own, peer.PublicKey, place);
        using ConversationKeys rotated = derivation.RotateConversationKeys(own, peer.PublicKey, place);
        byte[] message = s_sealer.Seal(keys.Conversation, "text"u8, s_context);
        SecretKey[] others =
        [
            keys.Media,
            keys.Authentication,
            rotated.Conversation,
            derivation.DeriveArchiveKey(own, peer.PublicKey, place),
            derivation.DeriveMediaFileKey(keys.Media, "conversation"),
            derivation.DeriveDeviceKey(master, new DeviceAddress("alice", "phone")),
            derivation.DeriveBackupKey(master, "alice", "conversation"),
        ];
        foreach (SecretKey other in others)
        {
            byte[] bytes = new byte[other.Size];
            other.Export(bytes);
            using var imported = ConversationKey.Import(bytes);
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => s_sealer.Open(imported, message, s_context)));
        }

        using ConversationKeys peers = derivation.DeriveConversationKeys(peer, own.PublicKey, place);
        Assert.Equal("text"u8.ToArray(), s_sealer.Open(peers.Conversation, message, s_context));
    }

    [Fact]
    public void The_same_text_under_the_same_key_never_seals_alike()
    {
        var seen = new HashSet<string>();
        for (int i = 0; i < 1000; i++)
        {
            byte[] message = s_sealer.Seal(s_key, "text"u8, s_context);
            Assert.True(seen.Add(Convert.ToHexString(message, 1, 12)));
            Assert.True(seen.Add(Convert.ToHexString(message, 13, 12)));
        }
    }

    [Fact]
    public void Sixteen_mebibytes_are_sealed_and_a_byte_more_is_a_callers_mistake()
    {
        byte[] largest = new byte[MessageSealer.MaxPlaintextSize];
        largest[^1] = 0x80;
        Assert.Equal(largest.Length, s_sealer.Open(s_key, s_sealer.Seal(s_key, largest, s_context), s_context).Length);
        byte[] tooLong = new byte[largest.Length + 1];
        RatchetSession session = Sessions.Established().Alice;
        Assert.Throws<ArgumentException>("plaintext", () => s_sealer.Seal(s_key, tooLong, s_context));
        Assert.Throws<ArgumentException>("plaintext", () => session.Seal(tooLong));
        Assert.Throws<ArgumentException>("plaintext", () => session.TrySeal(tooLong, [], out _));
        Assert.Throws<ArgumentException>("plaintextLength", () => s_sealer.GetSealedLength(tooLong.Length));
        Assert.Throws<ArgumentException>("plaintextLength", () => session.GetSealedLength(-1));
        Assert.Throws<ArgumentException>("plaintextLength", () => s_sealer.GetSealedLength(-1));
    }

    [Fact]
    public void A_message_longer_than_any_is_refused_for_its_length_before_any_work_on_it()
    {
        byte[] huge = new byte[SealedRecord.HeaderSize + SealedBody.MaxSealed + 1];
        huge[0] = SealedRecord.Version;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => s_sealer.Open(s_key, huge, s_context)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void A_field_that_is_empty_too_long_or_not_Unicode_is_a_callers_mistake()
    {
        foreach (string? field in new[] { "", null, "\ud800", "x\udc00", new string('x', 256), new string('ä', 128) })
        {
            Assert.ThrowsAny<ArgumentException>(() => new MessageContext(field!, "a", "b", "1"));
            Assert.ThrowsAny<ArgumentException>(() => new MessageContext("c", field!, "b", "1"));
            Assert.ThrowsAny<ArgumentException>(() => new MessageContext("c", "a", field!, "1"));
            Assert.ThrowsAny<ArgumentException>(() => new MessageContext("c", "a", "b", field!));
        }
    }

    private static MessageContext Context(string id)
    {
        string text = string.Concat(id.EnumerateRunes().Take(50));
        return new(text, "alice", "bob", text);
    }

    private static bool Opens(Action open)
    {
        try
        {
            open();
            return true;
        }
        catch (E2EException)
        {
            return false;
        }
    }

    private static byte[] Bytes(int length, byte value)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, value);
        return bytes;
    }
}
