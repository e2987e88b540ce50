using FsCheck.Xunit;
using FsCheck;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What is sealed comes out as it went in, and what does not have the form is refused with a reason.</summary>
public sealed class Contents
{
    private static readonly MessageId s_target = new("0123456789abcdef"u8);

    public static TheoryData<MessageContent> All =>
    [
        MessageContent.Text("Merhaba 👋"),
        MessageContent.Text(new string('x', TextContent.MaxSize)),
        MessageContent.Receipt(ReceiptKind.Delivered, [s_target]),
        MessageContent.Receipt(ReceiptKind.Read, [.. Enumerable.Repeat(s_target, ReceiptContent.MaxMessages)]),
        MessageContent.Reaction(s_target, "👍"),
        MessageContent.Reaction(s_target, string.Empty),
        MessageContent.Edit(s_target, "new"),
        MessageContent.Deletion(s_target),
        MessageContent.DisappearingTime(TimeSpan.Zero),
        MessageContent.DisappearingTime(DisappearingTimeContent.MaxTime),
        MessageContent.App("text/x-poll", "1,2"u8),
        MessageContent.App(new string('n', AppContent.MaxNameSize), new byte[AppContent.MaxDataSize]),
        new UnknownContent(10, "future"u8),
        new UnknownContent(0x7fff, []),
    ];

    [Theory]
    [MemberData(nameof(All))]
    public void Every_content_comes_out_as_it_went_in(MessageContent content)
    {
        byte[] body = content.EncodeBody();
        Assert.True(body.Length <= SealedContent.MaxBodySize);
        MessageContent read = MessageContent.Decode(content.Type, body);
        Assert.Equal(content.GetType(), read.GetType());
        Assert.Equal(body, read.EncodeBody());
    }

    [Fact]
    public void A_media_content_keeps_its_reference_when_the_senders_is_disposed()
    {
        using MediaKey key = MediaKey.Generate();
        MediaReference reference = MediaSealer.Seal(
            "picture"u8, new byte[MediaSealer.GetSealedLength(7)], key, new MediaDescription("m", MediaKind.Image) { FileName = "cat.png" });
        byte[] expected = reference.Encode();
        var content = (MediaContent)MessageContent.Media(reference, "the cat");
        reference.Dispose();

        var read = (MediaContent)MessageContent.Decode(content.Type, content.EncodeBody());
        Assert.Equal(expected, read.Reference.Encode());
        Assert.Equal("the cat", read.Caption);
    }

    [Fact]
    public void A_content_of_a_type_of_the_future_comes_out_as_unknown()
    {
        var read = Assert.IsType<UnknownContent>(MessageContent.Decode(1234, "body"u8));
        Assert.Equal(1234, read.TypeNumber);
        Assert.Equal("body"u8.ToArray(), read.Body.ToArray());
    }

    [Property(MaxTest = 1000)]
    public void Any_bytes_are_a_body_or_refused_with_a_reason(ushort type, byte[] body)
    {
        MessageContent? read = Try(() => MessageContent.Decode((ushort)(type % 12), body));
        if (read is not null)
        {
            Assert.Equal(body, read.EncodeBody());
        }
    }

    [Property(MaxTest = 1000)]
    public void Any_bytes_are_a_content_or_refused_with_a_reason(byte[] bytes, byte at, byte value)
    {
        _ = Try(() => SealedContent.Decode(bytes));
        _ = Try(() => ResendNames.Decode(bytes));

        // One changed byte of a sound content: another content, or a refusal.
        byte[] changed = Sample().Encode();
        changed[at % changed.Length] = value;
        SealedContent? read = Try(() => SealedContent.Decode(changed));
        if (read is not null)
        {
            Assert.Equal(changed, read.Encode());
        }
    }

    [Fact]
    public void A_content_cut_short_anywhere_is_refused()
    {
        byte[] sound = Sample().Encode();
        for (int length = 0; length < sound.Length; length++)
        {
            byte[] cut = sound[..length];
            Assert.ThrowsAny<E2EException>(() => SealedContent.Decode(cut));
        }
    }

    [Fact]
    public void A_content_whose_length_field_lies_allocates_nothing()
    {
        byte[] sound = Sample().Encode();
        byte[] lying = [.. sound[..^8], 0x7f, 0xff, 0xff, 0xff];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(E2EError.LimitExceeded, Assert.Throws<E2EException>(() => SealedContent.Decode(lying)).Reason);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void A_conversation_has_one_name_whoever_gives_it()
    {
        Assert.Equal(ConversationName.Direct("alice", "bob"), ConversationName.Direct("bob", "alice"));
        Assert.Equal("alice", ConversationName.Direct("alice", "bob").OtherThan("bob"));
        Assert.Equal("bob", ConversationName.Direct("alice", "bob").OtherThan("alice"));
        Assert.Equal("alice", ConversationName.Direct("alice", "alice").OtherThan("alice"));
        Assert.Null(ConversationName.Direct("alice", "bob").OtherThan("carol"));
        Assert.Null(ConversationName.Pulse("alice"u8).OtherThan("alice"));
        Assert.NotEqual(ConversationName.Direct("a", "bc"), ConversationName.Direct("ab", "c"));
    }

    [Fact]
    public void No_two_senders_streams_conversations_or_numbers_give_one_message_id()
    {
        StreamName stream = Sample().Stream;
        StreamName[] streams =
        [
            stream,
            stream with { Sender = new DeviceAddress("alice", "laptop") },
            stream with { Sender = new DeviceAddress("alic", "ephone") },
            stream with { StreamId = s_target },
            stream with { Conversation = ConversationName.Direct("alice", "carol") },
        ];
        var ids = streams.SelectMany(name => new ulong[] { 1, 2, 256 }.Select(number => MessageId.Of(name, number))).ToHashSet();
        Assert.Equal(15, ids.Count);
        Assert.All(ids, id => Assert.Equal(id, MessageId.Parse(id.ToString())));
        Assert.All(ids, id => Assert.Equal(id, new MessageId(id.ToArray())));
    }

    internal static SealedContent Sample() => new(
        new StreamName(new DeviceAddress("alice", "phone"), new MessageId("fedcba9876543210"u8), ConversationName.Direct("alice", "bob")),
        3,
        4,
        DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123),
        new ListView(5, new byte[32]),
        new ListView(6, new byte[32]),
        7,
        ContentType.Text,
        "text"u8.ToArray());

    private static T? Try<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (E2EException exception)
        {
            Assert.NotEqual(E2EError.None, exception.Reason);
            return null;
        }
    }
}
