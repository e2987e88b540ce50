using System.Diagnostics;
using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Benchmarks.Media;

/// <summary>Media sealing as ratios in one run: <c>media [--enforce]</c>. The candidates take turns, and the best of the rounds
/// counts, so that other load on the machine disturbs the ratios little.</summary>
internal static class MediaCommand
{
    private const int Mebibyte = 1024 * 1024;
    private const int Length = 256 * Mebibyte;
    private const int Rounds = 7;

    private static readonly MediaDescription s_description = new("benchmark", MediaKind.File);
    private static readonly MediaSealingOptions s_options = MediaSealingOptions.Default with { WithDigest = false };

    public static int Run(bool enforce)
    {
        byte[] content = new byte[Length];
        byte[] opened = new byte[Length];
        byte[] bare = new byte[Length + (256 * 16)];
        byte[] sealedFile = new byte[MediaSealer.GetSealedLength(Length, s_options)];
        byte[] hashed = new byte[MediaSealer.GetSealedLength(Length)];
        byte[] flat = new byte[SHA256.HashSizeInBytes];
        using MediaKey key = MediaKey.Generate();
        using var aes = new AesGcm(new byte[32], 16);
        MediaReference reference = MediaSealer.Seal(content, sealedFile, key, s_description, s_options);

        bool passed = true;
        double[] one = Interleave(
            () => Bare(aes, content, bare),
            () => MediaSealer.Seal(content, sealedFile, key, s_description, s_options).Dispose(),
            () => MediaSealer.Seal(content, hashed, key, s_description).Dispose(),
            () =>
            {
                MediaSealer.Seal(content, sealedFile, key, s_description, s_options).Dispose();
                SHA256.HashData(sealedFile, flat);
            });
        passed &= Show("seal 256 MiB, one thread, of bare AesGcm", one[0] / one[1], 0.90);
        Show("  with the digest", one[0] / one[2], 0);
        passed &= Show("  with the digest, times a flat one", one[3] / one[2], 0.97);

        Bare(aes, content, bare);
        reference = MediaSealer.Seal(content, sealedFile, key, s_description, s_options);
        double[] open = Interleave(
            () => BareOpen(aes, bare, opened),
            () => MediaOpener.Open(reference, sealedFile, opened));
        passed &= Show("open 256 MiB, one thread, of bare AesGcm", open[0] / open[1], 0.90);

        double[] two = Interleave(
            () => SealStream(content, sealedFile, key, 1),
            () => SealStream(content, sealedFile, key, 2));
        passed &= Show("seal 256 MiB, two workers, times one", two[0] / two[1], 1.7);
        reference = SealStream(content, sealedFile, key, 1);
        double[] twoOpen = Interleave(
            () => OpenStream(reference, sealedFile, opened, 1),
            () => OpenStream(reference, sealedFile, opened, 2));
        passed &= Show("open 256 MiB, two workers, times one", twoOpen[0] / twoOpen[1], 1.7);

        MediaReference digest = SealMemory(content, hashed, key, 1);
        double[] withDigest = Interleave(
            () => Bare(aes, content, bare),
            () => SealMemory(content, hashed, key, 1),
            () => digest = SealMemory(content, hashed, key, 2),
            () => MediaOpener.OpenMemory(digest, hashed, opened, new() { Workers = 2 }));
        passed &= Show("seal 256 MiB with the digest, two workers, of bare AesGcm", withDigest[0] / withDigest[2], 0.50);
        Show("  times one", withDigest[1] / withDigest[2], 0);
        passed &= Show("open 256 MiB with the digest, two workers, of bare AesGcm", withDigest[0] / withDigest[3], 0.50);
        double[] streams = Interleave(
            () => Bare(aes, content, bare),
            () => digest = SealStream(content, hashed, key, 2, withDigest: true),
            () => OpenStream(digest, hashed, opened, 2));
        Show("  from stream to stream, sealing", streams[0] / streams[1], 0);
        Show("  from stream to stream, opening", streams[0] / streams[2], 0);

        passed &= Range(key, withDigest: false);
        passed &= Range(key, withDigest: true);
        passed &= Allocation(content, sealedFile, key, withDigest: false);
        passed &= Allocation(content, hashed, key, withDigest: true);
        SegmentLengths(content, key, aes, bare);
        return passed || !enforce ? 0 : 1;
    }

    private static bool Range(MediaKey key, bool withDigest)
    {
        const int Gibibyte = 1024 * Mebibyte;
        byte[] content = new byte[Gibibyte];
        MediaSealingOptions options = s_options with { WithDigest = withDigest };
        byte[] file = new byte[MediaSealer.GetSealedLength(Gibibyte, options)];
        using MediaReference reference = MediaSealer.Seal(content, file, key, s_description, options);
        byte[] range = new byte[64 * 1024];
        using var aes = new AesGcm(new byte[32], 16);
        int segment = MediaSealingOptions.DefaultSegmentLength - 32;

        // The range lies in one segment or two; here in one, at half of the file.
        int last = (Gibibyte % segment) is 0 ? segment : Gibibyte % segment;
        long offset = (long)Gibibyte / 2 / segment * segment;
        byte[] sealedSegment = new byte[segment];
        byte[] tag = new byte[16];
        byte[] tagLast = new byte[16];
        byte[] sealedLast = new byte[last];
        aes.Encrypt(new byte[12], content.AsSpan(0, segment), sealedSegment, tag);
        aes.Encrypt(new byte[12], content.AsSpan(0, last), sealedLast, tagLast);
        byte[] plain = new byte[segment];
        byte[] digest = new byte[SHA256.HashSizeInBytes];
        double[] times = Interleave(
            () => Repeat(500, () =>
            {
                aes.Decrypt(new byte[12], sealedSegment, tag, plain);
                aes.Decrypt(new byte[12], sealedLast, tagLast, plain.AsSpan(0, last));
                if (withDigest)
                {
                    SHA256.HashData(sealedSegment, digest);
                    SHA256.HashData(sealedLast, digest);
                }
            }),
            () => Repeat(500, () =>
            {
                using SealedMediaStream stream = SealedMediaStream.Open(reference, new MemoryStream(file));
                stream.Position = offset;
                stream.ReadExactly(range);
            }));
        string bareWork = withDigest ? "AesGcm and SHA-256" : "AesGcm";
        Console.WriteLine($"  64 KiB of 1 GiB: {times[1] / 500 * 1e6:0.0} µs; {bareWork} over its segment and the last: {times[0] / 500 * 1e6:0.0} µs");
        return Show($"64 KiB of 1 GiB{(withDigest ? " with the digest" : "")}: segments touched, of the time taken", times[0] / times[1], 0.5);
    }

    /// <summary>Sealing allocates nothing for each segment; with a digest, at most a block of digests for each level, grown by
    /// doubling.</summary>
    private static bool Allocation(byte[] content, byte[] sealedFile, MediaKey key, bool withDigest)
    {
        MediaSealingOptions options = s_options with { WithDigest = withDigest };
        long Measure(int length)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var source = new MemoryStream(content, 0, length);
            MediaSealer.SealStream(source, new MemoryStream(sealedFile), key, s_description, options).Dispose();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Measure(Mebibyte);
        long shortFile = Measure(Mebibyte);
        long longFile = Measure(65 * Mebibyte);
        Console.WriteLine($"allocated{(withDigest ? " with the digest" : "")}: {shortFile:N0} bytes for 1 MiB, {longFile:N0} for 65 MiB");
        return longFile <= shortFile + (withDigest ? 64 * 1024 : 0);
    }

    private static void SegmentLengths(byte[] content, MediaKey key, AesGcm aes, byte[] bare)
    {
        foreach (int length in new[] { 4, 16, 32, 64, 128, 256, 512, 1024 })
        {
            MediaSealingOptions options = s_options with { SegmentLength = length * 1024 };
            byte[] file = new byte[MediaSealer.GetSealedLength(Length, options)];
            double[] times = Interleave(
                () => Bare(aes, content, bare), () => MediaSealer.Seal(content, file, key, s_description, options).Dispose());
            Console.WriteLine($"  segments of {length,5} KiB: {Length / times[1] / 1e9:0.00} GB/s, {times[0] / times[1]:0.00} of bare AesGcm");
        }
    }

    private static MediaReference SealMemory(byte[] content, byte[] file, MediaKey key, int workers) =>
        MediaSealer.SealMemory(content, file, key, s_description, MediaSealingOptions.Default with { Workers = workers });

    private static MediaReference SealStream(byte[] content, byte[] file, MediaKey key, int workers, bool withDigest = false) =>
        MediaSealer.SealStream(
            new MemoryStream(content), new MemoryStream(file), key, s_description, s_options with { Workers = workers, WithDigest = withDigest });

    private static void OpenStream(MediaReference reference, byte[] file, byte[] opened, int workers) => MediaOpener.OpenStream(
        reference, new MemoryStream(file), new MemoryStream(opened), new() { Workers = workers });

    private static void Bare(AesGcm aes, byte[] content, byte[] output)
    {
        Span<byte> nonce = stackalloc byte[12];
        for (int i = 0; i < Length / Mebibyte; i++)
        {
            BitConverter.TryWriteBytes(nonce, i);
            Span<byte> to = output.AsSpan(i * (Mebibyte + 16), Mebibyte + 16);
            aes.Encrypt(nonce, content.AsSpan(i * Mebibyte, Mebibyte), to[..Mebibyte], to[Mebibyte..]);
        }
    }

    private static void BareOpen(AesGcm aes, byte[] sealedBytes, byte[] output)
    {
        Span<byte> nonce = stackalloc byte[12];
        for (int i = 0; i < Length / Mebibyte; i++)
        {
            BitConverter.TryWriteBytes(nonce, i);
            ReadOnlySpan<byte> from = sealedBytes.AsSpan(i * (Mebibyte + 16), Mebibyte + 16);
            aes.Decrypt(nonce, from[..Mebibyte], from[Mebibyte..], output.AsSpan(i * Mebibyte, Mebibyte));
        }
    }

    private static void Repeat(int times, Action action)
    {
        for (int i = 0; i < times; i++)
        {
            action();
        }
    }

    /// <summary>The best time of each candidate, in seconds.</summary>
    private static double[] Interleave(params Action[] candidates)
    {
        double[] best = [.. candidates.Select(_ => double.MaxValue)];
        for (int round = 0; round <= Rounds; round++)
        {
            for (int i = 0; i < candidates.Length; i++)
            {
                var watch = Stopwatch.StartNew();
                candidates[i]();
                best[i] = round == 0 ? best[i] : Math.Min(best[i], watch.Elapsed.TotalSeconds);
            }
        }

        return best;
    }

    private static bool Show(string what, double ratio, double bound)
    {
        string verdict = bound == 0 ? string.Empty : ratio >= bound ? $"at least {bound:0.00}: held" : $"at least {bound:0.00}: MISSED";
        Console.WriteLine($"{what,-56} {ratio,6:0.00}  {verdict}");
        return ratio >= bound;
    }
}
