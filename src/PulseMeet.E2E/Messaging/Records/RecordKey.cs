using System.Buffers.Binary;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>What the client's records lie under.</summary>
internal static class RecordKey
{
    /// <summary>Records of the device itself.</summary>
    public const byte Device = 1;

    /// <summary>By user: <see cref="UserRecord"/>.</summary>
    public const byte Users = 2;

    /// <summary>By device: <see cref="PeerRecord"/>.</summary>
    public const byte Peers = 3;

    /// <summary>By device and session id: the session's state.</summary>
    public const byte Sessions = 4;

    /// <summary>By conversation: the highest number given, and in which stream.</summary>
    public const byte OutgoingStreams = 5;

    /// <summary>By the hash of a stream's name: the name and <see cref="IncomingStream"/>.</summary>
    public const byte IncomingStreams = 6;

    /// <summary>By the hash of a stream's name: nothing; those of the incoming streams that have something to name.</summary>
    public const byte Gaps = 7;

    /// <summary>By stream and number: <see cref="SentRecord"/>.</summary>
    public const byte Sent = 8;

    /// <summary>By envelope id: the key in <see cref="Sent"/>.</summary>
    public const byte SentEnvelopes = 9;

    /// <summary>By the other user and sequence: the key in <see cref="Sent"/> of what is not sealed for everybody yet.</summary>
    public const byte Pending = 10;

    /// <summary>By sequence: <see cref="OutboxRecord"/>.</summary>
    public const byte Outbox = 11;

    /// <summary>By sequence: an encoded event.</summary>
    public const byte Inbox = 12;

    /// <summary>By user and sequence: <see cref="HeldRecord"/>.</summary>
    public const byte Held = 13;

    /// <summary>By the relay's id: nothing; what is durable here and not acknowledged there.</summary>
    public const byte Taken = 14;

    /// <summary>By device: <see cref="RepairRecord"/>.</summary>
    public const byte Repairs = 15;

    /// <summary>By conversation and stream id: the highest number given in a stream that is not the device's own any more, or not yet.</summary>
    public const byte OtherStreams = 40;

    /// <summary>By the hash of a sending device and a conversation: the sender's time of the first message that came.</summary>
    public const byte Correspondents = 41;

    /// <summary>By the hash of a file and of what is said about it: <see cref="UploadRecord"/>.</summary>
    public const byte Uploads = 42;

    /// <summary>By pulse: <see cref="PulseRecord"/>.</summary>
    public const byte Pulses = 16;

    /// <summary>By pulse: what commits and proposals change of the group's state.</summary>
    public const byte PulseEpochs = 17;

    /// <summary>By pulse: what every message changes of the group's state.</summary>
    public const byte PulseRatchets = 18;

    /// <summary>By pulse: <see cref="PulseJoinRecord"/>; a join by itself that was made and is not taken yet.</summary>
    public const byte PulseJoins = 19;

    /// <summary>By the hash of what is published: <see cref="KeyPackageRecord"/>.</summary>
    public const byte KeyPackages = 20;

    /// <summary>By a key package's reference: its key in <see cref="KeyPackages"/>.</summary>
    public const byte KeyPackageNames = 21;

    /// <summary>By sequence: <see cref="WelcomeRecord"/>.</summary>
    public const byte Welcomes = 22;

    /// <summary>By pulse and sequence: <see cref="PulseItemRecord"/>; messages of an epoch that has not begun here.</summary>
    public const byte PulseWaiting = 23;

    /// <summary>By pulse, stream and number: <see cref="PulseSentRecord"/>.</summary>
    public const byte PulseSent = 24;

    /// <summary>By pulse and sequence: the key in <see cref="PulseSent"/> of what is not sealed yet.</summary>
    public const byte PulsePending = 25;

    /// <summary>By pulse and sequence: <see cref="PulseOutboxRecord"/>.</summary>
    public const byte PulseOutbox = 26;

    /// <summary>By pulse and the hash of a stream's name: the name; the incoming streams of a pulse.</summary>
    public const byte PulseStreams = 27;

    /// <summary>By pulse and the hash of a stream's name: the name; those of them that have something to name.</summary>
    public const byte PulseGaps = 28;

    /// <summary>By sequence: <see cref="PulseWordRecord"/>; what devices said about pulses inside their sessions.</summary>
    public const byte PulseWords = 29;

    /// <summary>By device, pulse and type: <see cref="PulseSayRecord"/>; what is to be said to them.</summary>
    public const byte PulseSays = 30;

    /// <summary>By user: <see cref="ContactStanding"/>; what other devices of one's own said and was not followed yet.</summary>
    public const byte Standings = 31;

    /// <summary>By pulse: <see cref="UnwantedPulseRecord"/>; chats into which somebody has added this device who was blocked.</summary>
    public const byte UnwantedPulses = 43;

    /// <summary>By device and conversation: the other user of the conversation; devices for which something was not sealed.</summary>
    public const byte Behind = 45;

    /// <summary>By sequence: the user id; whose messages wait to be accepted.</summary>
    public const byte Requests = 44;

    /// <summary>By the relay's id: nothing; items that are left there and that the app was told of.</summary>
    public const byte Early = 46;

    public static byte[] Of(string text) => StrictUtf8.Instance.GetBytes(text);

    public static byte[] Of(DeviceAddress device) => new RecordWriter().Address(device).ToArray();

    /// <summary>Whose item it is.</summary>
    public static string ToUser(ReadOnlySpan<byte> itemKey) => new SpanReader(itemKey).ReadText16();

    public static DeviceAddress ToDevice(ReadOnlySpan<byte> key)
    {
        var reader = new SpanReader(key);
        return DeviceCertificate.ReadAddress(ref reader);
    }

    public static byte[] Of(DeviceAddress device, SessionId session)
    {
        byte[] address = Of(device);
        byte[] key = new byte[address.Length + SessionId.Size];
        address.CopyTo(key, 0);
        BinaryPrimitives.WriteUInt128BigEndian(key.AsSpan(address.Length), session.Value);
        return key;
    }

    /// <summary>Sequences and relay ids: in order where they are not negative.</summary>
    public static byte[] Of(long number)
    {
        byte[] key = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(key, number);
        return key;
    }

    public static long ToNumber(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadInt64BigEndian(key);

    public static byte[] Of(StreamName stream) => Sha256.Hash(stream.Encode());

    public static byte[] Of(ConversationName conversation, MessageId streamId) => [.. conversation.Encoded, .. streamId.ToArray()];

    /// <summary>What all streams of a device in a conversation have in common.</summary>
    public static byte[] OfAllStreams(StreamName stream) => Of(stream with { StreamId = default });

    public static byte[] Of(StreamName stream, ulong number)
    {
        byte[] key = new byte[Sha256.Size + 8];
        Of(stream).CopyTo(key, 0);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(Sha256.Size), number);
        return key;
    }

    /// <summary>An item of a pulse.</summary>
    public static byte[] Of(PulseId pulse, long sequence) => Of(pulse, Of(sequence));

    public static byte[] Of(PulseId pulse, ReadOnlySpan<byte> item) => [.. pulse.ToArray(), .. item];

    /// <summary>Whose item it is.</summary>
    public static PulseId ToPulse(ReadOnlySpan<byte> itemKey) => new(itemKey[..PulseId.Size]);

    /// <summary>A conversation of which a device may not have the last.</summary>
    public static byte[] OfBehind(DeviceAddress device, string peerUserId) => [.. Of(device), .. Sha256.Hash(Of(peerUserId))[..16]];

    /// <summary>What the items of one user begin with. The length comes first, so that no user's prefix is another's.</summary>
    public static byte[] UserPrefix(string userId) => new RecordWriter().Text(userId).ToArray();

    public static byte[] UserItem(string userId, long sequence) => new RecordWriter().Text(userId).Int64(sequence).ToArray();
}
