using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>The libcrypto that .NET itself has loaded on Linux, called directly: what System.Security.Cryptography has no way to (X25519),
/// or has one that costs several times the work itself (HMAC, AES-GCM of short messages).</summary>
/// <remarks>
/// In a library context of its own, in which OpenSSL's default provider is loaded and nothing else: a configuration file of the machine
/// brings in nothing. Usable where the library has the version that .NET chose, which is OpenSSL 3, and <see cref="Backends"/> leaves it on.
/// What a backend computes is compared with a known answer before it is used. Thread-safe. OpenSSL zeroes what it frees of keys
/// (OPENSSL_cleanse).
/// </remarks>
internal static unsafe partial class Libcrypto
{
    private const string Library = "libcrypto.so.3";
    private const int MajorVersion = 3;

    /// <summary>OSSL_LIB_CTX; zero where the library cannot be used.</summary>
    public static nint Context { get; } = Backends.UsesLibcrypto
        ? Open(Library, "default", () => OperatingSystem.IsLinux() ? SafeEvpPKeyHandle.OpenSslVersion : 0)
        : 0;

    public static bool IsUsable => Context != 0;

    /// <exception cref="CryptographicException">The call has failed.</exception>
    public static nint Require(nint pointer) => pointer != 0 ? pointer : throw Failure();

    /// <inheritdoc cref="Require(nint)"/>
    public static void Require(int result)
    {
        if (result <= 0)
        {
            throw Failure();
        }
    }

    public static CryptographicException Failure()
    {
        ClearErrors();
        return new CryptographicException("libcrypto refused a call.");
    }

    /// <summary>From this length on a call gives way to the collector.</summary>
    public const int Short = 4096;

    /// <summary>OSSL_PARAM (core.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Parameter
    {
        public const uint Utf8 = 4;
        public const uint Octets = 5;

        public byte* Key;
        public uint Type;
        public void* Data;
        public nuint DataSize;
        public nuint ReturnSize;

        public Parameter(ReadOnlySpan<byte> literal, uint type, void* data, int size)
        {
            // A u8 literal lies in the image and is followed by a zero.
            Key = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(literal));
            Type = type;
            Data = data;
            DataSize = (nuint)size;
            ReturnSize = nuint.MaxValue;
        }
    }

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_new_from_name", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint NewKeyContext(nint library, string name, nint properties);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_new_from_pkey")]
    public static partial nint NewKeyContext(nint library, nint key, nint properties);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_free")]
    [SuppressGCTransition]
    public static partial void FreeKeyContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_fromdata_init")]
    public static partial int BeginFromData(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_fromdata")]
    public static partial int FromData(nint context, nint* key, int selection, Parameter* parameters);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_free")]
    [SuppressGCTransition]
    public static partial void FreeKey(nint key);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_derive_init")]
    public static partial int BeginDerive(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_derive_set_peer_ex")]
    public static partial int SetPeer(nint context, nint peer, int validate);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_derive")]
    public static partial int Derive(nint context, byte* secret, nuint* size);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_fetch", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FetchMac(nint library, string name, nint properties);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_new")]
    public static partial nint NewMac(nint mac);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_set_params")]
    public static partial int SetMac(nint context, Parameter* parameters);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_dup")]
    [SuppressGCTransition]
    public static partial nint CopyMac(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_free")]
    [SuppressGCTransition]
    public static partial void FreeMac(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_init")]
    [SuppressGCTransition]
    public static partial int BeginMac(nint context, byte* key, nuint size, Parameter* parameters);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_update")]
    [SuppressGCTransition]
    public static partial int UpdateMacShortly(nint context, byte* data, nuint size);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_update")]
    public static partial int UpdateMac(nint context, byte* data, nuint size);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_final")]
    [SuppressGCTransition]
    public static partial int EndMac(nint context, byte* mac, nuint* written, nuint size);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_fetch", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FetchCipher(nint library, string name, nint properties);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_new")]
    [SuppressGCTransition]
    public static partial nint NewCipher();

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_free")]
    [SuppressGCTransition]
    public static partial void FreeCipher(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_CipherInit_ex2")]
    [SuppressGCTransition]
    public static partial int BeginCipher(nint context, nint cipher, byte* key, byte* nonce, int encrypts, Parameter* parameters);

    [LibraryImport(Library, EntryPoint = "EVP_CipherUpdate")]
    [SuppressGCTransition]
    public static partial int UpdateCipherShortly(nint context, byte* output, int* written, byte* input, int size);

    [LibraryImport(Library, EntryPoint = "EVP_CipherUpdate")]
    public static partial int UpdateCipher(nint context, byte* output, int* written, byte* input, int size);

    [LibraryImport(Library, EntryPoint = "EVP_CipherFinal_ex")]
    [SuppressGCTransition]
    public static partial int EndCipher(nint context, byte* output, int* written);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_ctrl")]
    [SuppressGCTransition]
    public static partial int ControlCipher(nint context, int command, int argument, byte* data);

    [LibraryImport(Library, EntryPoint = "ERR_clear_error")]
    public static partial void ClearErrors();

    [LibraryImport(Library, EntryPoint = "OpenSSL_version_num")]
    private static partial ulong VersionNumber();

    [LibraryImport(Library, EntryPoint = "OSSL_LIB_CTX_new")]
    private static partial nint NewLibrary();

    [LibraryImport(Library, EntryPoint = "OSSL_LIB_CTX_free")]
    private static partial void FreeLibrary(nint library);

    [LibraryImport(Library, EntryPoint = "OSSL_PROVIDER_load", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint LoadProvider(nint library, string name);

    /// <param name="library">The library's name.</param>
    /// <param name="provider">The provider that serves.</param>
    /// <param name="version">The version of OpenSSL that .NET uses, in the form of OPENSSL_VERSION_NUMBER; 0 for none.</param>
    /// <returns>A library context; zero where anything is otherwise than it has to be: the other backends serve then.</returns>
    internal static nint Open(string library, string provider, Func<long> version)
    {
        try
        {
            if (!OperatingSystem.IsLinux()
                || sizeof(nint) != sizeof(long)
                || version() >> 28 != MajorVersion
                || !NativeLibrary.TryLoad(library, out _)
                || (long)VersionNumber() != version())
            {
                return 0;
            }

            nint context = NewLibrary();
            if (context != 0 && LoadProvider(context, provider) == 0)
            {
                ClearErrors();
                FreeLibrary(context);
                return 0;
            }

            return context;
        }
        catch (Exception exception) when (exception is TypeInitializationException or DllNotFoundException
            or EntryPointNotFoundException or CryptographicException or PlatformNotSupportedException)
        {
            return 0;
        }
    }
}
