namespace PulseMeet.E2E.Mls;

/// <summary>GroupSecrets (RFC 9420, section 12.4.3.1): what a Welcome seals to one joiner.</summary>
/// <remarks>Owns its secrets.</remarks>
internal sealed class GroupSecrets(MlsSecret joinerSecret, MlsSecret? pathSecret, PreSharedKeyId[] psks) : IDisposable
{
    public MlsSecret JoinerSecret { get; } = joinerSecret;

    /// <summary>Of the lowest node above both the committer and the joiner, where the commit had a path.</summary>
    public MlsSecret? PathSecret { get; } = pathSecret;

    public IReadOnlyList<PreSharedKeyId> Psks => psks;

    public static GroupSecrets Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new MlsReader(encoded);
        var joinerSecret = MlsSecret.CopyOf(reader.ReadVector());
        MlsSecret? pathSecret = reader.ReadPresence() ? MlsSecret.CopyOf(reader.ReadVector()) : null;
        PreSharedKeyId[] psks = reader.ReadAll<PreSharedKeyId>();
        reader.ExpectEnd();
        return new GroupSecrets(joinerSecret, pathSecret, psks);
    }

    public void Write(MlsWriter writer)
    {
        JoinerSecret.WriteVector(writer);
        writer.WritePresence(PathSecret is not null);
        PathSecret?.WriteVector(writer);
        writer.WriteAll(psks);
    }

    public void Dispose()
    {
        JoinerSecret.Dispose();
        PathSecret?.Dispose();
    }
}
