using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Sealing;

/// <summary>A sealed message opens where it was meant to, as it was, and nowhere else.</summary>
public sealed class SealedMessages
{
    private static readonly MessageSealer s_sealer = new(new MessageSealingOptions());
    private static readonly MessageContext s_context = new("dm_a_b", "alice", "bob", "message 1");
    private readonly ConversationKey _key = ConversationKey.Import([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);

    private static MessageSealer[] Sealers() =>
    [
        s_sealer,
        new(new MessageSealingOptions { Padding = PaddingScheme.None }),
        new(new MessageSealingOptions { Padding = PaddingScheme.Block(256) }),
    ];

    [Property(MaxTest = 200)]
    public bool Every_text_opens_under_every_padding_by_every_sealer(byte[] text) =>
        Sealers().All(sealer =>
        {
            byte[] message = sealer.Seal(_key, text, s_context);
            return message.Length == sealer.GetSealedLength(text.Length)
                && Sealers().All(other => other.Open(_key, message, s_context).AsSpan().SequenceEqual(text));
        });

    [Fact]
    public void A_changed_bit_or_a_missing_byte_anywhere_is_refused()
    {
        byte[] message = s_sealer.Seal(_key, "The text."u8, s_context);
        for (int i = 0; i < message.Length; i++)
        {
            byte[] changed = [.. message];
            changed[i] ^= (byte)(1 << (i % 8));
            Assert.Throws<E2EException>(() => s_sealer.Open(_key, changed, s_context));
            Assert.Throws<E2EException>(() => s_sealer.Open(_key, message.AsSpan(0, i), s_context));
        }

        Assert.Throws<E2EException>(() => s_sealer.Open(_key, [.. message, 0], s_context));
    }

    [Fact]
    public void A_message_opens_in_no_other_place()
    {
        byte[] message = s_sealer.Seal(_key, "The text."u8, s_context);
        MessageContext[] others =
        [
            new("dm_a_c", "alice", "bob", "message 1"),
            new("dm_a_b", "mallory", "bob", "message 1"),
            new("dm_a_b", "alice", "carol", "message 1"),
            new("dm_a_b", "alice", "bob", "message 2"),
            new("dm_a_b", "bob", "alice", "message 1"),
            new("dm_a_", "balice", "bob", "message 1"),
            new("dm_a_b", "aliceb", "ob", "message 1"),
            new("dm_a_b", "alice", "bobm", "essage 1"),
        ];
        Assert.All(others, other => Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => s_sealer.Open(_key, message, other))));
    }

    [Fact]
    public void The_bytes_of_one_kind_of_key_open_nothing_of_another_kind()
    {
        byte[] bytes = new byte[32];
        _key.Export(bytes);
        using var archive = ArchiveKey.Import(bytes);
        byte[] message = s_sealer.Seal(_key, "live"u8, s_context);
        byte[] archived = s_sealer.Seal(archive, "archived"u8, s_context);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => s_sealer.Open(archive, message, s_context)));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => s_sealer.Open(_key, archived, s_context)));
        Assert.Equal("archived"u8.ToArray(), s_sealer.Open(archive, archived, s_context));
    }

    [Fact]
    public void Two_messages_never_share_their_random_bytes()
    {
        HashSet<string> seen = [];
        for (int i = 0; i < 1000; i++)
        {
            byte[] message = s_sealer.Seal(_key, "same"u8, s_context);
            Assert.True(seen.Add(Convert.ToHexString(message.AsSpan(1, 12))));
            Assert.True(seen.Add(Convert.ToHexString(message.AsSpan(13, 12))));
        }
    }

    [Fact]
    public void Lengths_are_bounded_on_both_sides()
    {
        Assert.Throws<ArgumentException>(() => s_sealer.Seal(_key, new byte[MessageSealer.MaxPlaintextSize + 1], s_context));
        byte[] huge = new byte[SealedBody.MaxSealed + 200];
        huge[0] = 1;
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => s_sealer.Open(_key, huge, s_context)));
        byte[] largest = s_sealer.Seal(_key, new byte[MessageSealer.MaxPlaintextSize], s_context);
        Assert.Equal(MessageSealer.MaxPlaintextSize, s_sealer.Open(_key, largest, s_context).Length);
    }

    [Property(MaxTest = 300)]
    public bool Arbitrary_bytes_are_refused_with_a_reason(byte[] bytes) =>
        Refusal.IsDocumented(() => s_sealer.Open(_key, bytes, s_context))
        && Refusal.IsDocumented(() => s_sealer.Open(_key, [1, .. bytes], s_context));
}
