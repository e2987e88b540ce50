namespace PulseMeet.E2E.Mls;

/// <summary>How a pending commit is stored, with the epoch that it leads to.</summary>
internal static class PendingCommitCodec
{
    public static void Write(PendingCommit pending, MlsWriter writer)
    {
        writer.WriteVector(pending.Commit);
        writer.WriteUInt32((uint)pending.Welcomes.Count);
        foreach (JoinerWelcome welcome in pending.Welcomes)
        {
            writer.WriteUInt32(welcome.Leaf);
            writer.WriteVector(welcome.Message);
        }

        writer.WriteVector(pending.GroupInfo);
        EpochCodec.Write(pending.Next, writer, writer);
    }

    public static PendingCommit Read(MlsSuite suite, ref MlsReader reader)
    {
        byte[] commit = reader.ReadVector().ToArray();
        var welcomes = new List<JoinerWelcome>();
        for (uint count = reader.ReadUInt32(); count > 0; count--)
        {
            welcomes.Add(new JoinerWelcome(reader.ReadUInt32(), reader.ReadVector().ToArray()));
        }

        byte[] groupInfo = reader.ReadVector().ToArray();
        return new PendingCommit(commit, welcomes, groupInfo, EpochCodec.Read(suite, ref reader, ref reader));
    }

    /// <summary>An external commit as it waits to be taken, with its secrets; the caller zeroes it.</summary>
    public static byte[] Serialize(PendingCommit pending)
    {
        using var writer = new MlsWriter(4096);
        writer.WriteByte(MlsGroup.StateVersion);
        writer.WriteUInt16(pending.Next.Suite.Id);
        Write(pending, writer);
        return writer.ToArray();
    }

    /// <exception cref="E2EException">Malformed, or of another version.</exception>
    public static PendingCommit Deserialize(ReadOnlySpan<byte> serialized)
    {
        MlsReader reader = MlsGroup.Versioned(serialized);
        PendingCommit pending = Read(MlsSuite.Get(reader.ReadUInt16()), ref reader);
        try
        {
            reader.ExpectEnd();
            return pending;
        }
        catch
        {
            pending.Dispose();
            throw;
        }
    }
}
