namespace PulseMeet.E2E.Mls;

/// <summary>HPKECiphertext (RFC 9420, section 7.6).</summary>
internal sealed class HpkeCiphertext(byte[] kemOutput, byte[] ciphertext) : IMlsStruct<HpkeCiphertext>
{
    public byte[] KemOutput { get; } = kemOutput;

    public byte[] Ciphertext { get; } = ciphertext;

    public static HpkeCiphertext Read(ref MlsReader reader) =>
        new(reader.ReadVector().ToArray(), reader.ReadVector().ToArray());

    public void Write(MlsWriter writer)
    {
        writer.WriteVector(KemOutput);
        writer.WriteVector(Ciphertext);
    }
}
