using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>The serialised form of a ratchet's state; docs/protocol.md, "Stored session".</summary>
/// <remarks>Deterministic: the same state gives the same bytes.</remarks>
internal static class RatchetStateCodec
{
    private const int FixedSize = Sha256.Size + (3 * 32) + 64 + 1 + 1 + 4 + 8 + 1 + 2;
    private const int SendingSize = 32 + 32 + 4;
    private const int ClosedSize = 8 + 32 + 1 + 4 + 8;
    private const int OpenSize = 8 + 32 + 1 + 32 + 4;

    public static int GetSize(RatchetState state)
    {
        int size = FixedSize + (state.Skipped.Count * SkippedKeys.EntrySize);
        size += state.Peer is null ? 0 : X25519PublicKey.KeySize;
        size += state.Sending is null ? 0 : SendingSize;
        foreach (ReceivingChain chain in state.Receiving)
        {
            size += chain.ChainKey is null ? ClosedSize : OpenSize;
        }

        return size;
    }

    public static void Write(ref SpanWriter writer, RatchetState state)
    {
        writer.WriteBytes(state.AssociatedData);
        WriteSecret(ref writer, state.RootKey);
        WriteSecret(ref writer, state.NextSendingHeaderKey);
        WriteSecret(ref writer, state.NextReceivingHeaderKey);
        state.Own.Write(ref writer);
        writer.WriteBytes(state.Own.PublicKey.Span);
        writer.WriteBoolean(state.Peer is not null);
        if (state.Peer is { } peer)
        {
            writer.WriteBytes(peer.Span);
        }

        writer.WriteBoolean(state.Sending is not null);
        if (state.Sending is { } sending)
        {
            WriteSecret(ref writer, state.SendingHeaderKey);
            WriteChainKey(ref writer, sending);
        }

        writer.WriteUInt32(state.PreviousChainLength);
        writer.WriteUInt64(state.NextChainId);
        writer.WriteByte((byte)state.Receiving.Count);
        foreach (ReceivingChain chain in state.Receiving)
        {
            WriteChain(ref writer, chain);
        }

        state.Skipped.Write(ref writer);
    }

    public static RatchetState Read(ref SpanReader reader)
    {
        byte[] associatedData = reader.ReadBytes(Sha256.Size).ToArray();
        ReadOnlySpan<byte> rootKey = reader.ReadBytes(RootKey.Size);
        ReadOnlySpan<byte> nextSending = reader.ReadBytes(RatchetHeader.KeySize);
        ReadOnlySpan<byte> nextReceiving = reader.ReadBytes(RatchetHeader.KeySize);
        ReadOnlySpan<byte> ownPrivate = reader.ReadBytes(X25519KeyPair.PrivateKeySize);
        X25519PublicKey ownPublic = X25519PublicKey.FromBytes(reader.ReadBytes(X25519PublicKey.KeySize));
        var state = new RatchetState(
            associatedData, X25519KeyPair.Import(ownPrivate, ownPublic), rootKey, nextSending, nextReceiving);
        try
        {
            ReadRest(ref reader, state);
            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    private static void ReadRest(ref SpanReader reader, RatchetState state)
    {
        if (reader.ReadBoolean())
        {
            state.Peer = X25519PublicKey.FromBytes(reader.ReadBytes(X25519PublicKey.KeySize));
        }

        if (reader.ReadBoolean())
        {
            ReadOnlySpan<byte> headerKey = reader.ReadBytes(RatchetHeader.KeySize);
            state.RestoreSending(headerKey, ReadChainKey(ref reader));
        }

        state.PreviousChainLength = reader.ReadUInt32();
        state.NextChainId = reader.ReadUInt64();
        int chains = reader.ReadByte();
        if (chains > RatchetLimits.MaxReceivingChains)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many receiving chains.");
        }

        for (int i = 0; i < chains; i++)
        {
            state.Receiving.Add(ReadChain(ref reader));
            Check(state, i);
        }

        state.Skipped.Read(
            ref reader, (id, number) => state.Receiving.Exists(chain => chain.Id == id && number < chain.Next));
        if (state.Peer is null || (state.Sending is null && chains == 0))
        {
            throw new E2EException(E2EError.InvalidEncoding, "A session that has neither sent nor received.");
        }
    }

    private static void Check(RatchetState state, int i)
    {
        ReceivingChain chain = state.Receiving[i];
        if ((chain.ChainKey is null) != (i > 0)
            || chain.Id >= state.NextChainId
            || state.Receiving.FindIndex(other => other.Id == chain.Id) != i)
        {
            throw new E2EException(E2EError.InvalidEncoding, "The receiving chains do not fit together.");
        }
    }

    private static void WriteChain(ref SpanWriter writer, ReceivingChain chain)
    {
        writer.WriteUInt64(chain.Id);
        WriteSecret(ref writer, chain.HeaderKey);
        writer.WriteBoolean(chain.ChainKey is not null);
        if (chain.ChainKey is { } chainKey)
        {
            WriteChainKey(ref writer, chainKey);
        }
        else
        {
            writer.WriteUInt32(chain.Next);
            writer.WriteInt64(chain.ClosedAt!.Value.ToUnixTimeSeconds());
        }
    }

    private static ReceivingChain ReadChain(ref SpanReader reader)
    {
        ulong id = reader.ReadUInt64();
        ReadOnlySpan<byte> headerKey = reader.ReadBytes(RatchetHeader.KeySize);
        return reader.ReadBoolean()
            ? new ReceivingChain(id, headerKey, ReadChainKey(ref reader), length: 0, closedAt: null)
            : new ReceivingChain(id, headerKey, null, reader.ReadUInt32(), UnixTime.Read(ref reader));
    }

    private static void WriteSecret(ref SpanWriter writer, SecretBytes secret)
    {
        using SecretScope bytes = secret.Use();
        writer.WriteBytes(bytes.Span);
    }

    private static void WriteChainKey(ref SpanWriter writer, ChainKey chainKey)
    {
        using SecretScope key = chainKey.Use();
        writer.WriteBytes(key.Span);
        writer.WriteUInt32(chainKey.Index);
    }

    private static ChainKey ReadChainKey(ref SpanReader reader)
    {
        ReadOnlySpan<byte> key = reader.ReadBytes(ChainKey.Size);
        return new ChainKey(key, reader.ReadUInt32());
    }
}
