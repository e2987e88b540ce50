using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>Which first messages were accepted under a signed pair: the memory that keeps a replay from beginning a second
/// session.</summary>
/// <remarks>A first message that used a one-time pair cannot come again, since the pair is gone; the newest of them are remembered
/// to be told apart from what never was. For the others the memory is all there is, and nobody may fill it for everyone: each account
/// has a share, those that the app does not know have a small list of their own, and a list that fills makes the pair rotate.</remarks>
internal sealed class AcceptedFirstMessages
{
    /// <summary>The most first messages without a one-time pair of one account, pinned or not.</summary>
    public const int MaxPerAccount = 64;

    /// <summary>The most first messages without a one-time pair of accounts that the app knows.</summary>
    public const int MaxKnown = 8192;

    /// <summary>The most first messages without a one-time pair of accounts that the app does not know.</summary>
    public const int MaxUnknown = 1024;

    /// <summary>How many first messages with a one-time pair are remembered; past it the oldest are forgotten.</summary>
    public const int MaxWithOneTimePair = 1024;

    private readonly OrderedDictionary<X25519PublicKey, ulong> _known = [];
    private readonly OrderedDictionary<X25519PublicKey, ulong> _unknown = [];
    private readonly Dictionary<ulong, int> _perAccount = [];
    private readonly OrderedDictionary<X25519PublicKey, bool> _withOneTimePair = [];

    /// <summary>Whether half of a list is taken: time for the next pair, with lists of its own.</summary>
    public bool IsFilling => _known.Count >= MaxKnown / 2 || _unknown.Count >= MaxUnknown / 2;

    public int EncodedSize => 2 + (32 * _withOneTimePair.Count) + 2 + (40 * _known.Count) + 2 + (40 * _unknown.Count);

    public bool Contains(X25519PublicKey ephemeralKey) =>
        _withOneTimePair.ContainsKey(ephemeralKey) || _known.ContainsKey(ephemeralKey) || _unknown.ContainsKey(ephemeralKey);

    /// <exception cref="E2EException">The account's share, or the list, is full (<see cref="E2EError.LimitExceeded"/>).</exception>
    public void CheckRoom(FirstMessageSender sender)
    {
        int count = sender.IsKnown ? _known.Count : _unknown.Count;
        if (count >= (sender.IsKnown ? MaxKnown : MaxUnknown)
            || _perAccount.GetValueOrDefault(sender.Account) >= MaxPerAccount)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many first messages without a one-time prekey pair.");
        }
    }

    public void Add(X25519PublicKey ephemeralKey, FirstMessageSender sender, bool usedOneTimePair)
    {
        if (!usedOneTimePair)
        {
            (sender.IsKnown ? _known : _unknown).Add(ephemeralKey, sender.Account);
            _perAccount[sender.Account] = _perAccount.GetValueOrDefault(sender.Account) + 1;
            return;
        }

        if (_withOneTimePair.Count == MaxWithOneTimePair)
        {
            _withOneTimePair.RemoveAt(0);
        }

        _withOneTimePair.Add(ephemeralKey, true);
    }

    public void Write(ref SpanWriter writer)
    {
        writer.WriteUInt16((ushort)_withOneTimePair.Count);
        foreach (X25519PublicKey key in _withOneTimePair.Keys)
        {
            writer.WriteBytes(key.Span);
        }

        foreach (OrderedDictionary<X25519PublicKey, ulong> list in new[] { _known, _unknown })
        {
            writer.WriteUInt16((ushort)list.Count);
            foreach ((X25519PublicKey key, ulong account) in list)
            {
                writer.WriteBytes(key.Span);
                writer.WriteUInt64(account);
            }
        }
    }

    public static AcceptedFirstMessages Read(ref SpanReader reader)
    {
        var accepted = new AcceptedFirstMessages();
        int withOneTimePair = ReadCount(ref reader, MaxWithOneTimePair);
        for (int i = 0; i < withOneTimePair; i++)
        {
            accepted.AddRead(reader.ReadBytes(X25519PublicKey.KeySize), default, usedOneTimePair: true);
        }

        foreach (bool isKnown in new[] { true, false })
        {
            int count = ReadCount(ref reader, isKnown ? MaxKnown : MaxUnknown);
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> key = reader.ReadBytes(X25519PublicKey.KeySize);
                accepted.AddRead(key, new(reader.ReadUInt64(), isKnown), usedOneTimePair: false);
            }
        }

        return accepted;
    }

    private void AddRead(ReadOnlySpan<byte> key, FirstMessageSender sender, bool usedOneTimePair)
    {
        var ephemeralKey = new X25519PublicKey(key);
        if (Contains(ephemeralKey))
        {
            throw new E2EException(E2EError.InvalidEncoding, "An accepted first message stands twice.");
        }

        Add(ephemeralKey, sender, usedOneTimePair);
    }

    private static int ReadCount(ref SpanReader reader, int max)
    {
        int count = reader.ReadUInt16();
        return count <= max ? count : throw new E2EException(E2EError.LimitExceeded, "Too many accepted first messages.");
    }
}
