using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>The state for a store, in two parts that are read together: what a commit or a proposal changes, and the ratchets,
/// which every message changes.</summary>
internal sealed partial class MlsGroup
{
    /// <summary>The version of both parts.</summary>
    public const byte StateVersion = 1;

    private const uint MaxStoredEpochs = 100;

    /// <summary>The epochs, proposals and the pending commit, with their secrets; the caller zeroes it.</summary>
    public byte[] SerializeEpochs()
    {
        using MlsWriter epochs = new(4096);
        using MlsWriter ratchets = new(4096);
        Serialize(epochs, ratchets);
        return epochs.ToArray();
    }

    /// <summary>The ratchets of the epochs; the caller zeroes it.</summary>
    public byte[] SerializeRatchets()
    {
        using MlsWriter ratchets = new(4096);
        WriteHeader(ratchets);
        if (_epoch is not null)
        {
            ratchets.WriteUInt64(_epoch.Context.Epoch);
            _epoch.Ratchets.WriteTo(ratchets);
        }

        foreach (PastEpoch past in _past)
        {
            ratchets.WriteUInt64(past.Context.Epoch);
            past.Ratchets.WriteTo(ratchets);
        }

        return ratchets.ToArray();
    }

    /// <summary>Reads both parts.</summary>
    /// <exception cref="E2EException">Malformed, or not of one state (<see cref="E2EError.InvalidEncoding"/>), of another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), or too long (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static MlsGroup Deserialize(ReadOnlySpan<byte> epochs, ReadOnlySpan<byte> ratchets, GroupServices services)
    {
        if (epochs.Length > MlsLimits.MaxState || ratchets.Length > MlsLimits.MaxState)
        {
            throw new E2EException(E2EError.LimitExceeded, "The state is too long.");
        }

        MlsReader state = Versioned(epochs);
        MlsReader keys = Versioned(ratchets);
        MlsSuite suite = MlsSuite.Get(state.ReadUInt16());
        byte[] groupId = state.ReadVector().ToArray();
        if (keys.ReadUInt16() != suite.Id || !PublicBytes.Equal(keys.ReadVector(), groupId))
        {
            throw new E2EException(E2EError.InvalidEncoding, "The parts are of two groups.");
        }

        var group = new MlsGroup(suite, groupId, null, services);
        try
        {
            group.Read(ref state, ref keys);
            return group;
        }
        catch
        {
            group.Dispose();
            throw;
        }
    }

    /// <summary>A reader behind the version.</summary>
    internal static MlsReader Versioned(ReadOnlySpan<byte> serialized)
    {
        var reader = new MlsReader(serialized);
        return reader.ReadByte() == StateVersion ? reader : throw new E2EException(E2EError.UnsupportedVersion);
    }

    private void WriteHeader(MlsWriter writer)
    {
        writer.WriteByte(StateVersion);
        writer.WriteUInt16(Suite.Id);
        writer.WriteVector(_groupId);
    }

    private void Serialize(MlsWriter epochs, MlsWriter ratchets)
    {
        WriteHeader(epochs);
        epochs.WritePresence(_epoch is not null);
        if (_epoch is not null)
        {
            EpochCodec.Write(_epoch, epochs, ratchets);
        }

        epochs.WriteUInt32((uint)_past.Count);
        LeafNode?[] newer = _epoch?.Tree.Leaves() ?? [];
        foreach (PastEpoch past in _past)
        {
            PastEpochCodec.Write(past, newer, epochs, ratchets);
            newer = past.Leaves;
        }

        _proposals.WriteTo(epochs);
        epochs.WritePresence(Pending is not null);
        if (Pending is not null)
        {
            PendingCommitCodec.Write(Pending, epochs);
        }
    }

    private void Read(ref MlsReader state, ref MlsReader keys)
    {
        _epoch = state.ReadPresence() ? EpochCodec.Read(Suite, ref state, ref keys) : null;
        RequireOwn(_epoch?.Context);
        uint count = state.ReadUInt32();
        if (count > MaxStoredEpochs)
        {
            throw new E2EException(E2EError.LimitExceeded, "The state has too many past epochs.");
        }

        LeafNode?[] newer = _epoch?.Tree.Leaves() ?? [];
        for (; count > 0; count--)
        {
            PastEpoch past = PastEpochCodec.Read(Suite, newer, ref state, ref keys);
            _past.Add(past);
            RequireOwn(past.Context);
            newer = past.Leaves;
        }

        _proposals.Dispose();
        _proposals = ProposalCache.ReadFrom(Suite, ref state);
        Pending = state.ReadPresence() ? PendingCommitCodec.Read(Suite, ref state) : null;
        RequireOwn(Pending?.Next.Context);
        if (_epoch is null && (Pending is not null || _proposals.Count > 0))
        {
            throw new E2EException(E2EError.InvalidEncoding, "A group without this member has something of it waiting.");
        }

        state.ExpectEnd();
        keys.ExpectEnd();
    }

    private void RequireOwn(GroupContext? context)
    {
        if (context is not null && !PublicBytes.Equal(context.GroupId, _groupId))
        {
            throw new E2EException(E2EError.InvalidEncoding, "An epoch is of another group.");
        }
    }
}
