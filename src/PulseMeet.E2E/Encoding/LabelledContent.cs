namespace PulseMeet.E2E.Encoding;

/// <summary>What is signed or hashed: a label with its two-byte length, then the content. Two purposes never share input.</summary>
internal static class LabelledContent
{
    public static byte[] Of(ReadOnlySpan<byte> label, ReadOnlySpan<byte> content)
    {
        byte[] labelled = new byte[2 + label.Length + content.Length];
        var writer = new SpanWriter(labelled);
        writer.WriteField16(label);
        writer.WriteBytes(content);
        return labelled;
    }
}
