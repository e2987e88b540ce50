using System.Numerics;

namespace PulseMeet.E2E.Mls;

/// <summary>How a past epoch is stored: of its leaves, those that differ from the next one's.</summary>
internal static class PastEpochCodec
{
    public static void Write(PastEpoch epoch, LeafNode?[] newer, MlsWriter state, MlsWriter ratchets)
    {
        epoch.Context.Write(state);
        epoch.SenderData.WriteVector(state);
        epoch.Resumption.WriteVector(state);
        state.WriteUInt64((ulong)epoch.Ended);
        uint[] changed =
        [
            .. Enumerable.Range(0, epoch.Leaves.Length)
                .Where(i => !IsSame(epoch.Leaves[i], i < newer.Length ? newer[i] : null))
                .Select(i => (uint)i),
        ];
        state.WriteUInt32((uint)epoch.Leaves.Length);
        state.WriteUInt32((uint)changed.Length);
        foreach (uint index in changed)
        {
            state.WriteUInt32(index);
            state.WritePresence(epoch.Leaves[index] is not null);
            epoch.Leaves[index]?.Write(state);
        }

        ratchets.WriteUInt64(epoch.Context.Epoch);
        epoch.Ratchets.WriteTo(ratchets);
    }

    /// <exception cref="E2EException">Malformed, or the parts do not fit together (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static PastEpoch Read(MlsSuite suite, LeafNode?[] newer, ref MlsReader state, ref MlsReader ratchets)
    {
        var context = GroupContext.Read(ref state);
        MlsSecret senderData = MlsSecret.Read(ref state, suite.SecretSize);
        MlsSecret? resumption = null;
        try
        {
            resumption = MlsSecret.Read(ref state, suite.SecretSize);
            ulong ended = state.ReadUInt64();
            LeafNode?[] leaves = ReadLeaves(newer, ref state);
            return context.Suite == suite.Id && ended <= long.MaxValue && ratchets.ReadUInt64() == context.Epoch
                ? new PastEpoch
                {
                    Context = context,
                    Leaves = leaves,
                    SenderData = senderData,
                    Resumption = resumption,
                    Ratchets = SecretTree.ReadFrom(suite, (uint)leaves.Length, ref ratchets),
                    Ended = (long)ended,
                }
                : throw Invalid();
        }
        catch
        {
            senderData.Dispose();
            resumption?.Dispose();
            throw;
        }
    }

    private static LeafNode?[] ReadLeaves(LeafNode?[] newer, ref MlsReader state)
    {
        uint length = state.ReadUInt32();
        if (length > MlsLimits.MaxLeaves || !BitOperations.IsPow2(length))
        {
            throw Invalid();
        }

        LeafNode?[] leaves = new LeafNode?[length];
        Array.Copy(newer, leaves, Math.Min(newer.Length, leaves.Length));
        for (uint count = state.ReadUInt32(); count > 0; count--)
        {
            uint index = state.ReadUInt32();
            if (index >= length)
            {
                throw Invalid();
            }

            leaves[index] = state.ReadPresence() ? LeafNode.Read(ref state) : null;
        }

        return leaves;
    }

    private static bool IsSame(LeafNode? left, LeafNode? right) =>
        ReferenceEquals(left, right) || (left is not null && right is not null && left.IsSame(right));

    private static E2EException Invalid() => new(E2EError.InvalidEncoding, "A past epoch is malformed.");
}
