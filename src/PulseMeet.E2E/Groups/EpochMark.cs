using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>What a member remembers of an epoch, to compare with others: which line it was on, and the commit that began it.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="Authenticator">SHA-256 of its epoch_authenticator (RFC 9420, section 8.7), 32 bytes.</param>
/// <param name="Commit">SHA-256 of the commit that began it, 32 bytes; zeros where this member came in by a Welcome.</param>
internal sealed record EpochMark(ulong Epoch, byte[] Authenticator, byte[] Commit)
{
    public static byte[] NoCommit => new byte[Sha256.Size];

    public bool IsSameLine(EpochMark other) =>
        Epoch == other.Epoch && PublicBytes.Equal(Authenticator, other.Authenticator);

    public void Write(MlsWriter writer)
    {
        writer.WriteUInt64(Epoch);
        writer.WriteBytes(Authenticator);
        writer.WriteBytes(Commit);
    }

    public static EpochMark Read(ref MlsReader reader) => new(
        reader.ReadUInt64(), reader.ReadBytes(Sha256.Size).ToArray(), reader.ReadBytes(Sha256.Size).ToArray());
}
