using System.Buffers.Binary;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>What a session refuses, and what a stored session is refused for.</summary>
internal sealed partial class RatchetRefusals : RefusalVectors
{
    private static readonly JsonObject s_session = StoredSessionVectors.Complete(StoredSessionInputs.InTheMiddle());
    private static readonly byte[] s_stored = Bytes(s_session, "stored");
    private static readonly byte[] s_app = Bytes(s_session, "app_associated_data");

    public override string FileName => "refusals-ratchet.json";

    public override string Description =>
        "What has to be refused. A «message» comes to the first session of stored-session.json as it is stored, at its time, with its associated data; "
        + "a «stored session» is read. Where there are «zeros», so many zero bytes "
        + "stand behind the input. After a refusal the session is as it was.";

    protected override IReadOnlyDictionary<string, Action<byte[]>> Decoders { get; } = new Dictionary<string, Action<byte[]>>
    {
        ["message"] = OpenMessage,
        ["stored session"] = input => Load(input).Dispose(),
    };

    protected override IEnumerable<Entry> Entries => [.. Messages(), .. FirstMessages(), .. Sessions()];

    private static IEnumerable<Entry> Messages()
    {
        const string Name = "message";
        byte[] good = InOpenChain(7).Seal("good"u8.ToArray(), s_app);
        yield return new(Name, [.. good, 0], E2EError.NotAuthentic, "a byte behind it");
        yield return new(Name, [], E2EError.InvalidEncoding, "empty");
        yield return new(Name, [2, .. good[1..]], E2EError.UnsupportedVersion, "version 2");
        yield return new(Name, [1, 3, .. good[2..]], E2EError.InvalidEncoding, "type 3");
        yield return new(Name, good[..69], E2EError.InvalidEncoding, "ends within the sealed header");
        yield return new(Name, good[..86], E2EError.InvalidEncoding, "a body of 16 bytes");
        yield return new(Name, good[..70], E2EError.LimitExceeded, "a body longer than any", SealedBody.MaxSealed + 1);
        yield return new(Name, good[..^1], E2EError.NotAuthentic, "the tag has lost a byte");
        yield return new(Name, Flip(good, 2), E2EError.NotAuthentic, "a changed bit of the nonce");
        yield return new(Name, Flip(good, 14), E2EError.NotAuthentic, "a changed bit of the sealed header");
        yield return new(Name, Flip(good, 70), E2EError.NotAuthentic, "a changed bit of the body");
        yield return new(Name, InOpenChain(7).Seal([1], []), E2EError.NotAuthentic, "sealed with other associated data");
        yield return new(Name, InOpenChain(7).SealPadded(new byte[64], s_app), E2EError.InvalidEncoding, "padding of zeros alone");
        yield return new(Name, InOpenChain(3).Seal([1], s_app), E2EError.DuplicateMessage, "a number that was opened before");
        yield return new(
            Name, InOpenChain(7 + 65_537).Seal([1], s_app), E2EError.TooFarAhead, "65,537 ahead of the next number");
        yield return new(
            Name, (InOpenChain(7) with { Number = uint.MaxValue }).Seal([1], s_app), E2EError.TooFarAhead, "the number 2^32 - 1");
        yield return new(
            Name, (InOpenChain(7) with { HeaderKey = Fixed("header key of chain 3"), Number = 6 }).Seal([1], s_app),
            E2EError.TooFarAhead, "behind the end of a closed chain");
        yield return new(
            Name, (InOpenChain(7) with { HeaderKey = Fixed("header key of chain 3"), Number = 4 }).Seal([1], s_app),
            E2EError.DuplicateMessage, "in a closed chain, opened before");
        yield return new(Name, Step(previous: 6, number: 0).Seal([1], s_app), E2EError.NotAuthentic, "a new chain that denies the last message");
        yield return new(Name, Step(previous: 7, number: 65_537).Seal([1], s_app), E2EError.TooFarAhead, "a new chain, 65,537 ahead in it");
        yield return new(Name, Flip(Step(7, 0).Seal([1], s_app), 70), E2EError.NotAuthentic, "a new chain, a changed bit of the body");
        yield return new(
            Name, (Step(7, 0) with { RatchetKey = new byte[32] }).Seal([1], s_app), E2EError.InvalidPublicKey, "a ratchet key of low order");
        yield return new(
            Name, (Step(7, 0) with { RatchetKey = [0xf6, .. Enumerable.Repeat((byte)0xff, 30), 0x7f] }).Seal([1], s_app),
            E2EError.InvalidPublicKey, "a ratchet key that is not canonical");
    }

    /// <summary>First messages that come to a session that is there.</summary>
    private static IEnumerable<Entry> FirstMessages()
    {
        const string Name = "message";
        byte[] header = FixedSession.Header(s_session).Encoded.ToArray();
        byte[] inner = InOpenChain(7).Seal([1], FirstMessage.Bind(header, s_app));
        int certificateEnd = 2 + BinaryPrimitives.ReadUInt16BigEndian(header);
        yield return new(Name, [1, 2, .. header, .. Flip(inner, 70)], E2EError.NotAuthentic, "a repeated first message with a changed body");
        yield return new(Name, [1, 2, .. header], E2EError.InvalidEncoding, "a first message without a ratchet message");
        yield return new(
            Name, [1, 2, .. header, 1, 2, .. inner[2..]], E2EError.InvalidEncoding, "a first message within a first message");
        yield return new(
            Name, [1, 2, 1, 0x56, .. new byte[342], .. header[certificateEnd..], .. inner], E2EError.LimitExceeded,
            "a certificate of 342 bytes, longer than any");
        yield return new(Name, [1, 2, 0xff, 0xff, .. header[2..], .. inner], E2EError.InvalidEncoding, "a certificate longer than all of it");
        yield return new(Name, [1, 2, .. header[..^1]], E2EError.InvalidEncoding, "a first message that ends within its header");
        yield return new(Name, [1, 2, .. Flip(header, header.Length - 1), .. inner], E2EError.WrongSession, "another session's first message");
        yield return new(
            Name, [1, 2, .. Flip(header, certificateEnd - 1), .. inner], E2EError.InvalidSignature, "a certificate whose signature was changed");
        yield return new(Name, inner, E2EError.NotAuthentic, "a first message without its header");
    }

    /// <summary>A message of the open chain, whose next number is 7.</summary>
    private static FixedMessage InOpenChain(uint number) => new(
        Bytes(s_session, "transcript"),
        Fixed("open header key"),
        X25519PublicKey.FromHex(Text(s_session, "peer_ratchet_public")).Span.ToArray(),
        0,
        number,
        number is >= 7 and < 100 ? FixedMessage.KeyAt(Fixed("open chain key"), 7, number) : Fixed("no key of this chain"),
        FixedMessage.NonceOf("refusals nonce"));

    /// <summary>A message of a new chain of the peer's.</summary>
    private static FixedMessage Step(uint previous, uint number)
    {
        using X25519KeyPair next = X25519KeyPair.Import(Fixed("the peer's next ratchet key"));
        byte[] step = FixedMessage.Step(
            Bytes(s_session, "root_key"), Fixed("the peer's next ratchet key"), X25519PublicKey.FromHex(Text(s_session, "own_ratchet_public")));
        return new(
            Bytes(s_session, "transcript"),
            Bytes(s_session, "next_receiving_header_key"),
            next.PublicKey.Span.ToArray(),
            previous,
            number,
            number < 100 ? FixedMessage.KeyAt(step[32..64], 0, number) : Fixed("no key of this chain"),
            FixedMessage.NonceOf("refusals nonce"));
    }

    private static byte[] Flip(byte[] message, int at) => [.. message[..at], (byte)(message[at] ^ 1), .. message[(at + 1)..]];

    private static void OpenMessage(byte[] input)
    {
        using RatchetSession session = Load(s_stored);
        try
        {
            session.Open(input, s_app);
        }
        catch (E2EException) when (!session.Serialize().AsSpan().SequenceEqual(s_stored))
        {
            throw new InvalidOperationException("A refused message has changed the session.");
        }
    }

    private static RatchetSession Load(byte[] stored) =>
        RatchetSession.Deserialize(stored, new RatchetOptions(), new FixedClock(FixedSession.Time(Number(s_session, "now"))));
}
