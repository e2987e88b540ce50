using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>Something that the app defines.</summary>
public sealed class AppContent : MessageContent
{
    /// <summary>The longest name, in bytes of UTF-8.</summary>
    public const int MaxNameSize = 127;

    /// <summary>The most data, in bytes: 160 KiB.</summary>
    public const int MaxDataSize = 160 * 1024;

    internal AppContent(string name, ReadOnlySpan<byte> data)
    {
        Argument.IsText(name, MaxNameSize);
        if (data.Length > MaxDataSize)
        {
            throw new ArgumentException($"At most {MaxDataSize} bytes.", nameof(data));
        }

        Name = name;
        Data = data.ToArray();
    }

    /// <summary>What it is, such as a media type.</summary>
    public string Name { get; }

    /// <summary>The data.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    internal override ushort Type => ContentType.App;

    internal override byte[] EncodeBody()
    {
        byte[] body = new byte[2 + StrictUtf8.Instance.GetByteCount(Name) + Data.Length];
        var writer = new SpanWriter(body);
        writer.WriteText16(Name);
        writer.WriteBytes(Data.Span);
        return body;
    }
}
