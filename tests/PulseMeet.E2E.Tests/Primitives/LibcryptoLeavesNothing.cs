using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>Attack 41, and below .NET: a call of libcrypto leaves neither the key that it was given in the memory of the process, nor an
/// error that the next call on the same thread would find, which may be one of .NET's own.</summary>
[Collection(nameof(KeysInMemory))]
public sealed partial class LibcryptoLeavesNothing
{
    private static readonly byte[] s_nonce = new byte[12];

    /// <summary>mallinfo2; zero where the C library has none.</summary>
    private static readonly nint s_heapFigures =
        NativeLibrary.TryLoad("libc.so.6", out nint library) && NativeLibrary.TryGetExport(library, "mallinfo2", out nint function) ? function : 0;

    [Fact]
    public void No_key_that_it_was_given_is_left_in_memory_once_the_call_has_ended()
    {
        if (!Libcrypto.IsUsable)
        {
            return;
        }

        var memory = new ProcessMemory();
        byte[] sealedBytes = new byte[100 + AesGcm256.TagSize];
        byte[] output = new byte[100];
        Take("sealing", key => LibcryptoAesGcm.Instance.Seal(key, s_nonce, output, "data"u8, sealedBytes));
        Take("refusing", key => LibcryptoAesGcm.Instance.TryOpen(key, s_nonce, sealedBytes, "data"u8, output));
        Take("code", key => LibcryptoHmac.Instance.Mac(key, output, sealedBytes.AsSpan(0, 32)));
        Take("expansion", key => LibcryptoHmac.Instance.Expand(key, "info"u8, output));
        Take("agreement", key => LibcryptoX25519.Instance.TryAgree(key, [9, .. new byte[31]], output.AsSpan(0, 32)));
        Take("agreement with zeros", key => LibcryptoX25519.Instance.TryAgree(key, new byte[32], output.AsSpan(0, 32)));
        using var held = SecretBytes.Random(32);
        memory.Remember("held", held);
        Assert.Equal(["held"], memory.Find().Distinct());

        // A thread's stack goes with the thread.
        void Take(string name, Call call)
        {
            var thread = new Thread(() =>
            {
                using var key = SecretBytes.Random(32);
                memory.Remember(name, key);
                using SecretScope bytes = key.Use();
                call(bytes.Span);
            });
            thread.Start();
            thread.Join();
        }
    }

    [Fact]
    public void No_error_is_left_to_the_thread_by_a_call_that_was_refused()
    {
        if (!Libcrypto.IsUsable)
        {
            return;
        }

        byte[] output = new byte[32];
        LeavesNone(() => Assert.False(LibcryptoX25519.Instance.TryAgree([9, .. new byte[31]], new byte[32], output)));
        LeavesNone(() => Assert.False(LibcryptoAesGcm.Instance.TryOpen(new byte[32], s_nonce, new byte[48], default, output)));
        LeavesNone(() => Assert.Throws<CryptographicException>(() => Libcrypto.Require(Libcrypto.FetchMac(Libcrypto.Context, "no such code", 0))));
        LeavesNone(() => Assert.Equal(0, Libcrypto.Open("libcrypto.so.3", "no-such-provider", LibcryptoIsChosen.NetsVersion)));
        Assert.Throws<CryptographicException>(() => Libcrypto.Require(0));
        Assert.Throws<CryptographicException>(() => Libcrypto.Require(-1));

        static void LeavesNone(Action call)
        {
            Libcrypto.ClearErrors();
            call();
            Assert.Equal(0UL, PeekError());
        }
    }

    [Fact]
    public void A_code_or_a_hash_that_it_does_not_have_is_no_backend()
    {
        if (!Libcrypto.IsUsable)
        {
            return;
        }

        Libcrypto.ClearErrors();
        Assert.Equal(0, LibcryptoHmac.Create("no such code", "SHA256"u8));
        Assert.Equal(0UL, PeekError());
        Assert.Equal(0, LibcryptoHmac.Create("HMAC", "no such hash"u8));
        Assert.Equal(0UL, PeekError());
    }

    [Fact]
    public void A_call_gives_back_all_the_memory_that_it_took()
    {
        if (!Libcrypto.IsUsable || s_heapFigures == 0)
        {
            return;
        }

        byte[] key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
        byte[] output = new byte[100];
        byte[] sealedBytes = new byte[100 + AesGcm256.TagSize];
        Stays(() => LibcryptoX25519.Instance.TryAgree(key, [9, .. new byte[31]], output.AsSpan(0, 32)));
        Stays(() => LibcryptoHmac.Instance.Mac(key, output, sealedBytes.AsSpan(0, 32)));
        Stays(() => LibcryptoAesGcm.Instance.Seal(key, s_nonce, output, default, sealedBytes));
        Stays(() => LibcryptoAesGcm.Instance.TryOpen(key, s_nonce, sealedBytes, default, output));
        Stays(() => LibcryptoHmac.Create("HMAC", "no such hash"u8));
        Stays(() => Libcrypto.Open("libcrypto.so.3", "no-such-provider", LibcryptoIsChosen.NetsVersion));

        // The runtime takes memory meanwhile now and then; what is not given back is taken by every call of every round.
        static void Stays(Action call) => Assert.InRange(Enumerable.Range(0, 10).Min(_ => TakenBy(call)), long.MinValue, 0);
    }

    private static long TakenBy(Action call)
    {
        long before = BytesInUse();
        for (int i = 0; i < 50; i++)
        {
            call();
        }

        return BytesInUse() - before;
    }

    /// <summary>struct mallinfo2 of glibc (malloc.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Heap(
        nuint Arena, nuint FreeChunks, nuint FastChunks, nuint MappedChunks, nuint Mapped, nuint Unused, nuint Fast, nuint InUse, nuint Free, nuint Top);

    private delegate void Call(ReadOnlySpan<byte> key);

    [LibraryImport("libcrypto.so.3", EntryPoint = "ERR_peek_error")]
    private static partial ulong PeekError();

    private static unsafe long BytesInUse() => (long)((delegate* unmanaged<Heap>)s_heapFigures)().InUse;
}
