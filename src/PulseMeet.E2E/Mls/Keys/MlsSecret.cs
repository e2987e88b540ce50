using System.Diagnostics;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>A secret of the key schedule, of the trees, or a private key: pinned, zeroed on dispose, never printed.</summary>
/// <remarks>Read within a <see cref="SecretScope"/>.</remarks>
[DebuggerDisplay("{ToString(),nq}")]
internal sealed class MlsSecret : IDisposable
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly SecretBytes _bytes;

    private MlsSecret(SecretBytes bytes) => _bytes = bytes;

    /// <summary>A secret of <paramref name="length"/> zero bytes, to be written by its owner.</summary>
    public MlsSecret(int length) => _bytes = new SecretBytes(length);

    public int Length => _bytes.Length;

    public static MlsSecret CopyOf(ReadOnlySpan<byte> value) => new(SecretBytes.CopyOf(value));

    public static MlsSecret Random(int length) => new(SecretBytes.Random(length));

    /// <summary>Reads a vector that has to have a length.</summary>
    /// <exception cref="E2EException">It has another one (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static MlsSecret Read(ref MlsReader reader, int length)
    {
        ReadOnlySpan<byte> bytes = reader.ReadVector();
        return bytes.Length == length ? CopyOf(bytes) : throw new E2EException(E2EError.InvalidEncoding, "A secret has the wrong length.");
    }

    public SecretScope Use() => _bytes.Use();

    public MlsSecret Copy()
    {
        using SecretScope scope = Use();
        return CopyOf(scope.Span);
    }

    /// <summary>The bytes in a fresh array, which the caller zeroes or publishes.</summary>
    public byte[] Reveal()
    {
        using SecretScope scope = Use();
        return scope.Span.ToArray();
    }

    public void WriteVector(MlsWriter writer)
    {
        using SecretScope scope = Use();
        writer.WriteVector(scope.Span);
    }

    /// <summary>The length, never the bytes.</summary>
    public override string ToString() => $"MlsSecret ({Length} bytes)";

    public void Dispose() => _bytes.Dispose();
}
