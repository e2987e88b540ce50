namespace PulseMeet.E2E.Mls;

/// <summary>Extension (RFC 9420, section 7.2): a type and bytes that only those who know the type read.</summary>
internal sealed class Extension(ushort type, byte[] data) : IMlsStruct<Extension>
{
    public ushort Type { get; } = type;

    public byte[] Data { get; } = data;

    public static Extension Read(ref MlsReader reader) => new(reader.ReadUInt16(), reader.ReadVector().ToArray());

    public void Write(MlsWriter writer)
    {
        writer.WriteUInt16(Type);
        writer.WriteVector(Data);
    }
}

/// <summary>Lists of extensions.</summary>
internal static class Extensions
{
    /// <exception cref="E2EException">A type is there twice (section 13.4; <see cref="E2EError.InvalidEncoding"/>).</exception>
    public static Extension[] ReadExtensions(this ref MlsReader reader)
    {
        Extension[] extensions = reader.ReadAll<Extension>();
        var types = new HashSet<ushort>();
        foreach (Extension extension in extensions)
        {
            if (!types.Add(extension.Type))
            {
                throw new E2EException(E2EError.InvalidEncoding, "An extension type is there twice.");
            }
        }

        return extensions;
    }

    public static Extension? Find(this IEnumerable<Extension> extensions, ushort type)
    {
        foreach (Extension extension in extensions)
        {
            if (extension.Type == type)
            {
                return extension;
            }
        }

        return null;
    }
}
