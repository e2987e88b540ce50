namespace PulseMeet.E2E.Mls;

/// <summary>MLSMessage (RFC 9420, section 6): the outermost form of everything that is sent.</summary>
internal sealed class MlsMessage(WireFormat format, IMlsStruct body) : IMlsStruct<MlsMessage>
{
    public WireFormat Format { get; } = format;

    public IMlsStruct Body { get; } = body;

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), too long
    /// (<see cref="E2EError.LimitExceeded"/>), or of another version (<see cref="E2EError.MlsUnsupported"/>).</exception>
    public static MlsMessage Decode(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length > MlsLimits.MaxMessage)
        {
            throw new E2EException(E2EError.LimitExceeded, "The MLS message is too long.");
        }

        return MlsEncoding.Decode<MlsMessage>(encoded);
    }

    /// <summary>A message that has to be of one kind.</summary>
    public static T Decode<T>(ReadOnlySpan<byte> encoded)
        where T : class, IMlsStruct =>
        Decode(encoded).Body as T ?? throw new E2EException(E2EError.InvalidEncoding, "The MLS message is of another kind.");

    public static byte[] Encode(WireFormat format, IMlsStruct body) => new MlsMessage(format, body).Encode();

    public static MlsMessage Read(ref MlsReader reader)
    {
        ushort version = reader.ReadUInt16();
        if (version != MlsNumbers.Mls10)
        {
            throw new E2EException(E2EError.MlsUnsupported, "The protocol version is not mls10.");
        }

        var format = (WireFormat)reader.ReadUInt16();
        IMlsStruct body = format switch
        {
            WireFormat.PublicMessage => PublicMessage.Read(ref reader),
            WireFormat.PrivateMessage => PrivateMessage.Read(ref reader),
            WireFormat.Welcome => Welcome.Read(ref reader),
            WireFormat.GroupInfo => GroupInfo.Read(ref reader),
            WireFormat.KeyPackage => KeyPackage.Read(ref reader),
            _ => throw new E2EException(E2EError.MlsUnsupported, "The wire format is not known."),
        };

        // Section 10: the key package's version is the message's.
        if (body is KeyPackage keyPackage && keyPackage.Version != version)
        {
            throw new E2EException(E2EError.MlsInvalidKeyPackage, "Its version is not the message's.");
        }

        return new MlsMessage(format, body);
    }

    public void Write(MlsWriter writer)
    {
        writer.WriteUInt16(MlsNumbers.Mls10);
        writer.WriteUInt16((ushort)Format);
        Body.Write(writer);
    }
}
