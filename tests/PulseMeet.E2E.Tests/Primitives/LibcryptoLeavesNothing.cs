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

    private delegate void Call(ReadOnlySpan<byte> key);

    [LibraryImport("libcrypto.so.3", EntryPoint = "ERR_peek_error")]
    private static partial ulong PeekError();
}
