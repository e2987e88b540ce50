using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>Authenticates what travels beside the messages of a conversation, with HMAC-SHA-256.</summary>
/// <remarks>Derived by <c>IKeyDerivationService</c>; symmetric in the two parties.</remarks>
public sealed class AuthenticationKey : SecretKey
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>Length of an authentication code, in bytes.</summary>
    public const int CodeSize = Hmac.Size;

    internal AuthenticationKey(SecretBytes bytes)
        : base(bytes)
    {
    }

    /// <summary>Takes a key out of the app's own store.</summary>
    /// <param name="key">32 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 32 bytes.</exception>
    public static AuthenticationKey Import(ReadOnlySpan<byte> key)
    {
        Argument.HasLength(key, KeySize);
        return new AuthenticationKey(SecretBytes.CopyOf(key));
    }

    /// <summary>Computes the authentication code of data: HMAC-SHA-256 (RFC 2104) under this key.</summary>
    /// <param name="data">Any length; what it is and where it belongs has to stand in it.</param>
    /// <returns>32 bytes.</returns>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public byte[] Authenticate(ReadOnlySpan<byte> data)
    {
        byte[] code = new byte[CodeSize];
        using SecretScope bytes = Use();
        Hmac.Sha256(bytes.Span, data, code);
        return code;
    }

    /// <summary>Whether a code is that of the data, in a time that does not depend on where they differ.</summary>
    /// <param name="data">As it was authenticated.</param>
    /// <param name="code">Input from outside: a code of another length, a shortened one among them, is not the data's.</param>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> code)
    {
        using var expected = new StackSecret(stackalloc byte[CodeSize]);
        using SecretScope bytes = Use();
        Hmac.Sha256(bytes.Span, data, expected.Span);
        return ConstantTime.AreEqual(expected.Span, code);
    }
}
