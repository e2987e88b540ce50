using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>The state for a store, in two parts that are read together: what commits and proposals change, and what every message
/// changes.</summary>
internal sealed partial class PulseGroup
{
    /// <summary>The version of both parts.</summary>
    public const byte StateVersion = 1;

    /// <summary>Everything but what every message changes, with its secrets; the caller zeroes it.</summary>
    public byte[] SerializeEpochs()
    {
        using var writer = new MlsWriter(4096);
        writer.WriteByte(StateVersion);
        writer.WriteVector(_shape.Data.Encode());
        _shape.Lists.Write(writer);
        writer.WritePresence(_pending is not null);
        if (_pending is not null)
        {
            GroupIntentCodec.Write(_pending.Intent, writer);
            _pending.Lists.Write(writer);
            writer.WritePresence(_pending.IsPartial);
        }

        writer.WritePresence(Unfinished is not null);
        if (Unfinished is not null)
        {
            GroupIntentCodec.Write(Unfinished, writer);
        }

        writer.WritePresence(_suspected);
        writer.WritePresence(_rolledBack);
        writer.WritePresence(_isPreparedBefore);
        _ages.Write(writer);
        WriteLists(writer);
        byte[] mls = _mls.SerializeEpochs();
        writer.WriteVector(mls);
        SecretMemory.Zero(mls);
        return writer.ToArray();
    }

    /// <summary>What every message changes, with its secrets; the caller zeroes it.</summary>
    public byte[] SerializeRatchets()
    {
        byte[] mls = _mls.SerializeRatchets();
        using var writer = new MlsWriter(mls.Length + 16);
        writer.WriteByte(StateVersion);
        writer.WriteUInt32(_sent);
        writer.WriteVector(mls);
        SecretMemory.Zero(mls);
        return writer.ToArray();
    }

    /// <summary>Reads both parts.</summary>
    /// <exception cref="E2EException">Malformed, or not of one state (<see cref="E2EError.InvalidEncoding"/>), or of another version
    /// (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static PulseGroup Deserialize(ReadOnlySpan<byte> epochs, ReadOnlySpan<byte> ratchets, GroupDevice device, TimeProvider time)
    {
        MlsReader state = Versioned(epochs);
        MlsReader keys = Versioned(ratchets);
        PulseData data = PulseData.Of([new Extension(GroupNumbers.PulseExtension, state.ReadVector().ToArray())]);
        DeviceListBook lists = DeviceListBook.ReadStored(ref state);
        PendingChange? pending = state.ReadPresence()
            ? new PendingChange(GroupIntentCodec.Read(ref state), DeviceListBook.ReadStored(ref state), state.ReadPresence())
            : null;
        GroupIntent? unfinished = state.ReadPresence() ? GroupIntentCodec.Read(ref state) : null;
        bool suspected = state.ReadPresence();
        bool rolledBack = state.ReadPresence();
        bool isPreparedBefore = state.ReadPresence();
        LeafAges ages = LeafAges.Read(ref state);
        var marks = new List<EpochMark>();
        var unreadable = new List<UnreadableCommit>();
        var leaves = new List<(LeaveRequest, long)>();
        ReadLists(ref state, marks, unreadable, leaves);
        ReadOnlySpan<byte> mlsEpochs = state.ReadVector();
        state.ExpectEnd();
        uint sent = keys.ReadUInt32();
        ReadOnlySpan<byte> mlsRatchets = keys.ReadVector();
        keys.ExpectEnd();
        var policy = new PulsePolicy(lists);
        MlsGroup mls = MlsGroup.Deserialize(mlsEpochs, mlsRatchets, Services(policy, time));
        try
        {
            if (mls.Pending is null != pending is null || marks.Count == 0)
            {
                throw new E2EException(E2EError.InvalidEncoding, "The parts of the state do not fit together.");
            }

            Roster roster = mls.IsRemoved ? Roster.Empty : Roster.Of(mls.View.Tree);
            var group = new PulseGroup(mls, policy, new GroupShape(data, roster, lists), device, time)
            {
                _pending = pending,
                Unfinished = unfinished,
                _suspected = suspected,
                _rolledBack = rolledBack,
                _isPreparedBefore = isPreparedBefore,
                _ages = ages,
                _sent = sent,
            };
            group._marks.AddRange(marks);
            group._unreadable.AddRange(unreadable);
            group._leaves.AddRange(leaves);
            return group;
        }
        catch
        {
            mls.Dispose();
            throw;
        }
    }

    internal static MlsReader Versioned(ReadOnlySpan<byte> serialized)
    {
        var reader = new MlsReader(serialized);
        return reader.ReadByte() == StateVersion ? reader : throw new E2EException(E2EError.UnsupportedVersion);
    }

    private void WriteLists(MlsWriter writer)
    {
        writer.WriteUInt32((uint)_marks.Count);
        _marks.ForEach(mark => mark.Write(writer));
        writer.WriteUInt32((uint)_unreadable.Count);
        foreach (UnreadableCommit commit in _unreadable)
        {
            writer.WriteUInt64(commit.Epoch);
            writer.WriteBytes(commit.Commit);
            writer.WritePresence(commit.Committer is not null);
            if (commit.Committer is not null)
            {
                GroupIntentCodec.WriteAddress(commit.Committer, writer);
            }
        }

        writer.WriteUInt32((uint)_leaves.Count);
        foreach ((LeaveRequest request, long since) in _leaves)
        {
            writer.WriteVector(request.Encode());
            writer.WriteUInt64((ulong)since);
        }
    }

    private static void ReadLists(
        ref MlsReader reader, List<EpochMark> marks, List<UnreadableCommit> unreadable, List<(LeaveRequest, long)> leaves)
    {
        for (uint count = reader.ReadUInt32(); count > 0; count--)
        {
            marks.Add(EpochMark.Read(ref reader));
        }

        for (uint count = reader.ReadUInt32(); count > 0; count--)
        {
            ulong epoch = reader.ReadUInt64();
            byte[] commit = reader.ReadBytes(Sha256.Size).ToArray();
            unreadable.Add(new UnreadableCommit(
                epoch, commit, reader.ReadPresence() ? GroupIntentCodec.ReadAddress(ref reader) : null));
        }

        for (uint count = reader.ReadUInt32(); count > 0; count--)
        {
            leaves.Add((LeaveRequest.Decode(reader.ReadVector()), (long)reader.ReadUInt64()));
        }
    }
}
