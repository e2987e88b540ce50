namespace PulseMeet.E2E.Mls;

/// <summary>The running hashes over all commits (RFC 9420, section 8.2).</summary>
internal static class TranscriptHash
{
    public static byte[] Confirmed(MlsSuite suite, ReadOnlySpan<byte> interimBefore, AuthenticatedContent commit)
    {
        using var writer = new MlsWriter(1024);
        writer.WriteBytes(interimBefore);
        writer.WriteUInt16((ushort)commit.WireFormat);
        commit.Content.Write(writer);
        writer.WriteVector(commit.Signature);
        return suite.Hash.Hash(writer.Written);
    }

    public static byte[] Interim(MlsSuite suite, ReadOnlySpan<byte> confirmed, ReadOnlySpan<byte> confirmationTag)
    {
        using var writer = new MlsWriter();
        writer.WriteBytes(confirmed);
        writer.WriteVector(confirmationTag);
        return suite.Hash.Hash(writer.Written);
    }
}
