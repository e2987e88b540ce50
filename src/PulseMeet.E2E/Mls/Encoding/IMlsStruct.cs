namespace PulseMeet.E2E.Mls;

/// <summary>A structure of RFC 9420 that writes itself.</summary>
internal interface IMlsStruct
{
    void Write(MlsWriter writer);
}

/// <summary>A structure that also reads itself.</summary>
internal interface IMlsStruct<TSelf> : IMlsStruct
    where TSelf : IMlsStruct<TSelf>
{
    static abstract TSelf Read(ref MlsReader reader);
}

/// <summary>Whole encodings, and vectors of structures.</summary>
internal static class MlsEncoding
{
    public static byte[] Encode(this IMlsStruct value)
    {
        using var writer = new MlsWriter();
        value.Write(writer);
        return writer.ToArray();
    }

    /// <exception cref="E2EException">Malformed, or bytes are left over (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static T Decode<T>(ReadOnlySpan<byte> encoded)
        where T : IMlsStruct<T>
    {
        var reader = new MlsReader(encoded);
        var value = T.Read(ref reader);
        reader.ExpectEnd();
        return value;
    }

    public static void WriteAll<T>(this MlsWriter writer, IEnumerable<T> values)
        where T : IMlsStruct
    {
        int start = writer.BeginVector();
        foreach (T value in values)
        {
            value.Write(writer);
        }

        writer.EndVector(start);
    }

    public static T[] ReadAll<T>(this ref MlsReader reader)
        where T : IMlsStruct<T>
    {
        var inner = reader.ReadInner();
        var values = new List<T>();
        while (inner.Remaining > 0)
        {
            values.Add(T.Read(ref inner));
        }

        return [.. values];
    }
}
