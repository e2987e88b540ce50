using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Media;

/// <summary>FLOE's associated data: a label, the kind and the media id, so that a file opens as nothing else.</summary>
internal static class MediaAssociatedData
{
    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 media"u8;

    public static byte[] Encode(string mediaId, MediaKind kind)
    {
        byte[] encoded = new byte[2 + Label.Length + 1 + 2 + StrictUtf8.Instance.GetByteCount(mediaId)];
        var writer = new SpanWriter(encoded);
        writer.WriteField16(Label);
        writer.WriteByte((byte)kind);
        writer.WriteText16(mediaId);
        writer.ExpectFull();
        return encoded;
    }
}
