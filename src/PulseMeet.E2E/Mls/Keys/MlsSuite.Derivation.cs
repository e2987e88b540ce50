using PulseMeet.E2E.Primitives;
using System.Buffers.Binary;

namespace PulseMeet.E2E.Mls;

/// <summary>The labelled derivations of RFC 9420, sections 5.2 and 8.</summary>
internal sealed partial class MlsSuite
{
    private static ReadOnlySpan<byte> Prefix => "MLS 1.0 "u8;

    /// <summary>ExpandWithLabel (section 8).</summary>
    public void ExpandWithLabel(
        ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, Span<byte> output)
    {
        int labelLength = Prefix.Length + label.Length;
        int size = 2
            + MlsWriter.LengthSize(labelLength) + labelLength
            + MlsWriter.LengthSize(context.Length) + context.Length;
        Span<byte> info = size <= 512 ? stackalloc byte[size] : new byte[size];
        BinaryPrimitives.WriteUInt16BigEndian(info, checked((ushort)output.Length));
        Span<byte> rest = info[2..];
        rest = PutVectorHeader(rest, labelLength);
        Prefix.CopyTo(rest);
        label.CopyTo(rest[Prefix.Length..]);
        rest = PutVectorHeader(rest[labelLength..], context.Length);
        context.CopyTo(rest);
        Hash.Expand(secret, info, output);
    }

    public MlsSecret ExpandWithLabel(
        MlsSecret secret, ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, int length)
    {
        var output = new MlsSecret(length);
        using SecretScope from = secret.Use();
        using SecretScope to = output.Use();
        ExpandWithLabel(from.Span, label, context, to.Span);
        return output;
    }

    /// <summary>DeriveSecret (section 8).</summary>
    public MlsSecret DeriveSecret(MlsSecret secret, ReadOnlySpan<byte> label) =>
        ExpandWithLabel(secret, label, default, SecretSize);

    /// <summary>DeriveTreeSecret (section 9.1).</summary>
    public MlsSecret DeriveTreeSecret(MlsSecret secret, ReadOnlySpan<byte> label, uint generation, int length)
    {
        Span<byte> context = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(context, generation);
        return ExpandWithLabel(secret, label, context, length);
    }

    /// <summary>KDF.Extract.</summary>
    public MlsSecret Extract(MlsSecret salt, MlsSecret ikm)
    {
        var output = new MlsSecret(SecretSize);
        using SecretScope s = salt.Use();
        using SecretScope i = ikm.Use();
        using SecretScope to = output.Use();
        Hash.Extract(s.Span, i.Span, to.Span);
        return output;
    }

    /// <summary>The zero vector of length KDF.Nh.</summary>
    public MlsSecret ZeroSecret() => new(SecretSize);

    /// <summary>MAC (section 5.1): HMAC with the suite's hash.</summary>
    public byte[] Mac(MlsSecret key, ReadOnlySpan<byte> data)
    {
        byte[] mac = new byte[Hash.Size];
        using SecretScope scope = key.Use();
        Hash.Mac(scope.Span, data, mac);
        return mac;
    }

    /// <summary>RefHash (section 5.2).</summary>
    public byte[] RefHash(ReadOnlySpan<byte> label, ReadOnlySpan<byte> value)
    {
        using var writer = new MlsWriter(value.Length + 64);
        writer.WriteVector(label);
        writer.WriteVector(value);
        return Hash.Hash(writer.Written);
    }

    private static Span<byte> PutVectorHeader(Span<byte> destination, int length)
    {
        int size = MlsWriter.LengthSize(length);
        MlsWriter.PutLength(destination[..size], length);
        return destination[size..];
    }
}
