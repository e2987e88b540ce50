namespace PulseMeet.E2E;

/// <summary>A content of a type that this version does not know: something of the future, authentic all the same.</summary>
public sealed class UnknownContent : MessageContent
{
    private readonly ushort _type;

    internal UnknownContent(ushort type, ReadOnlySpan<byte> body)
    {
        _type = type;
        Body = body.ToArray();
    }

    /// <summary>The type's number; docs/protocol-messaging.md, "Content types".</summary>
    public int TypeNumber => _type;

    /// <summary>The body as it came.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    internal override ushort Type => _type;

    internal override byte[] EncodeBody() => Body.ToArray();
}
