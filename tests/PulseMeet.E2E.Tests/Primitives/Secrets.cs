using System.Buffers;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>Secrets are zeroed when their owner lets go of them, never print, and nonces never repeat.</summary>
public sealed class Secrets
{
    [Fact]
    public void Dispose_zeroes_the_memory_itself()
    {
        var secret = SecretBytes.CopyOf("very secret indeed"u8);
        Span<byte> memory;
        using (SecretScope bytes = secret.Use())
        {
            memory = bytes.Span;
        }

        Assert.True(memory.SequenceEqual("very secret indeed"u8));
        secret.Dispose();
        Assert.True(memory.IndexOfAnyExcept((byte)0) < 0);
        Assert.Throws<ObjectDisposedException>(() => Touch(secret));
    }

    [Fact]
    public void A_secret_disposed_while_it_is_used_stays_whole_until_the_last_use_ends_and_takes_no_new_one()
    {
        var secret = SecretBytes.CopyOf("very secret indeed"u8);
        Span<byte> memory;
        using (SecretScope first = secret.Use())
        {
            memory = first.Span;
            using (SecretScope second = secret.Use())
            {
                secret.Dispose();
                Assert.Throws<ObjectDisposedException>(() => Touch(secret));
                Assert.True(second.Span.SequenceEqual("very secret indeed"u8));
            }

            secret.Dispose();
            Assert.True(memory.SequenceEqual("very secret indeed"u8));
        }

        Assert.True(memory.IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void A_secret_that_nobody_disposed_is_zeroed_by_its_finalizer()
    {
        nint address = Forget();
        for (int i = 0; i < 20 && ReadByte(address) != 0; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(0, ReadByte(address));
        GC.KeepAlive(s_neighbours);
    }

    [Fact]
    public void A_secret_never_prints()
    {
        using var secret = SecretBytes.CopyOf("hunter2hunter2"u8);
        Assert.Equal("SecretBytes (14 bytes)", secret.ToString());
    }

    [Fact]
    public async Task Nonces_are_distinct_over_all_threads()
    {
        var seen = new ConcurrentDictionary<string, byte>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            byte[] nonce = new byte[12];
            for (int i = 0; i < 2000; i++)
            {
                Randomness.NextNonce(nonce);
                Assert.True(seen.TryAdd(Convert.ToHexString(nonce), 0));
            }
        })));
        Assert.Equal(16_000, seen.Count);
    }

    [Fact]
    public void A_nonce_that_was_given_out_is_no_longer_in_the_store()
    {
        byte[] nonce = new byte[Randomness.NonceSize];
        for (int i = 0; i < 20; i++)
        {
            Randomness.NextNonce(nonce);
            var store = (byte[])typeof(Randomness).GetField("s_nonces", BindingFlags.NonPublic | BindingFlags.Static)!.GetValue(null)!;
            Assert.True(store.AsSpan().IndexOf(nonce) < 0);
        }
    }

    [Fact]
    public void A_scratch_secret_that_fits_lies_on_the_stack_and_one_that_does_not_goes_back_to_the_pool()
    {
        Span<byte> stack = stackalloc byte[100];
        using (var fits = new ScratchSecret(stack, 100))
        {
            Assert.True(fits.Span.Overlaps(stack));
        }

        Span<byte> used = stack;
        using (var longer = new ScratchSecret(stack, 101))
        {
            used = longer.Span;
        }

        Assert.False(used.Overlaps(stack));
        byte[] next = ArrayPool<byte>.Shared.Rent(101);
        Assert.True(used.Overlaps(next));
        ArrayPool<byte>.Shared.Return(next);
    }

    [Fact]
    public void Comparison_sees_every_difference()
    {
        byte[] left = new byte[32];
        for (int i = 0; i < 32; i++)
        {
            byte[] right = new byte[32];
            right[i] = 1;
            Assert.False(ConstantTime.AreEqual(left, right));
            Assert.False(ConstantTime.IsZero(right));
        }

        Assert.True(ConstantTime.AreEqual(left, new byte[32]));
        Assert.False(ConstantTime.AreEqual(left, new byte[31]));
        Assert.True(ConstantTime.IsZero(left));
    }

    /// <summary>Secrets beside the forgotten one keep its pinned segment in use, so that its address stays readable.</summary>
    private static readonly List<SecretBytes> s_neighbours = [];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe nint Forget()
    {
        s_neighbours.Add(SecretBytes.Random(32));
        var secret = SecretBytes.CopyOf([0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a]);
        s_neighbours.Add(SecretBytes.Random(32));
        using SecretScope bytes = secret.Use();
        return (nint)Unsafe.AsPointer(ref bytes.Span[0]);
    }

    private static void Touch(SecretBytes secret)
    {
        using SecretScope bytes = secret.Use();
        bytes.Span[0] ^= 0;
    }

    private static unsafe byte ReadByte(nint address) => *(byte*)address;
}
