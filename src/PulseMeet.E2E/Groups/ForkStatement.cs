using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>What a member says to another, inside their pairwise session, of the line that it is on: a fork that the relay keeps up shows
/// where two such statements meet.</summary>
/// <remarks>docs/protocol-groups.md, "Forks". Immutable.</remarks>
/// <param name="GroupId">The group.</param>
/// <param name="Marks">The newest first: 1 to 16 epochs, one after the other.</param>
internal sealed record ForkStatement(byte[] GroupId, IReadOnlyList<EpochMark> Marks)
{
    private const byte Version = 1;

    public byte[] Encode()
    {
        using var writer = new MlsWriter();
        writer.WriteByte(Version);
        writer.WriteVector(GroupId);
        writer.WriteByte((byte)Marks.Count);
        foreach (EpochMark mark in Marks)
        {
            mark.Write(writer);
        }

        return writer.ToArray();
    }

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), or of another version
    /// (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static ForkStatement Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new MlsReader(encoded);
        if (reader.ReadByte() != Version)
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        byte[] groupId = reader.ReadVector().ToArray();
        var marks = new EpochMark[reader.ReadByte()];
        if (marks.Length is 0 or > GroupLimits.StatementEpochs)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A statement speaks of no epoch, or of too many.");
        }

        for (int i = 0; i < marks.Length; i++)
        {
            marks[i] = EpochMark.Read(ref reader);
            if (i > 0 && marks[i].Epoch >= marks[i - 1].Epoch)
            {
                throw new E2EException(E2EError.InvalidEncoding, "The epochs of a statement do not fall.");
            }
        }

        reader.ExpectEnd();
        return new ForkStatement(groupId, marks);
    }
}
