using System.Buffers.Binary;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>Whoever keeps a sealed file and was told its digest can tell a whole copy from any other, without the key.</summary>
public sealed class MediaIntegrities
{
    private static readonly Sample s_sample = Sample.OfThreeSegments();

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(3 * Sample.PlaintextLength)]
    [InlineData(300 * Sample.PlaintextLength)]
    public async Task A_whole_copy_is_taken_whatever_stands_before_it(int length)
    {
        Sample sample = Sample.Of(length);
        using var stream = new MemoryStream([1, 2, 3, .. sample.Sealed]);
        stream.Position = 3;
        await MediaIntegrity.VerifyAsync(stream, sample.Reference.Digest!.Value);
    }

    [Fact]
    public async Task A_change_of_any_byte_is_refused()
    {
        byte[] file = [.. s_sample.Sealed];
        for (int at = 0; at < file.Length; at++)
        {
            file[at] ^= 1;
            E2EError reason = await RefusalOf(file);
            Assert.True(at < 10 ? reason is E2EError.InvalidEncoding or E2EError.LimitExceeded or E2EError.NotAuthentic : reason is E2EError.NotAuthentic);
            file[at] ^= 1;
        }
    }

    [Fact]
    public async Task Another_segment_length_is_refused_by_its_bounds_by_the_length_or_by_the_root()
    {
        foreach ((uint segmentLength, E2EError[] reasons) in new (uint, E2EError[])[]
        {
            (0, [E2EError.LimitExceeded]), (4095, [E2EError.LimitExceeded]), (1_048_577, [E2EError.LimitExceeded]), (uint.MaxValue, [E2EError.LimitExceeded]),
            (4097, [E2EError.NotAuthentic, E2EError.InvalidEncoding]), (65_536, [E2EError.NotAuthentic]),
        })
        {
            byte[] file = [.. s_sample.Sealed];
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(2), segmentLength);
            Assert.Contains(await RefusalOf(file), reasons);
        }
    }

    [Fact]
    public async Task A_copy_cut_anywhere_lengthened_or_of_another_file_is_refused()
    {
        for (int length = 0; length < s_sample.Sealed.Length; length += length < 200 ? 1 : 61)
        {
            E2EError reason = await RefusalOf(s_sample.Sealed[..length]);
            Assert.True(reason is E2EError.Truncated or E2EError.InvalidEncoding or E2EError.NotAuthentic);
        }

        Assert.NotEqual(E2EError.None, await RefusalOf([.. s_sample.Sealed, 0]));
        Assert.Equal(E2EError.NotAuthentic, await RefusalOf(Sample.OfThreeSegments().Sealed));
        Assert.Equal(E2EError.NotAuthentic, await RefusalOf(HolderOfTheKey.Fits(s_sample, HolderOfTheKey.Seals(s_sample, 1))));
    }

    [Fact]
    public async Task A_stream_that_cannot_seek_or_a_digest_of_another_length_is_the_callers_mistake()
    {
        await Assert.ThrowsAsync<ArgumentException>("sealedFile", () => MediaIntegrity.VerifyAsync(new Trickle(s_sample.Sealed), new byte[32]));
        await Assert.ThrowsAsync<ArgumentException>(() => MediaIntegrity.VerifyAsync(new MemoryStream(s_sample.Sealed), new byte[31]));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => MediaIntegrity.VerifyAsync(
            new MemoryStream(s_sample.Sealed), s_sample.Reference.Digest!.Value, new CancellationToken(true)));
    }

    private static async Task<E2EError> RefusalOf(byte[] file) => (await Assert.ThrowsAsync<E2EException>(
        () => MediaIntegrity.VerifyAsync(new MemoryStream(file), s_sample.Reference.Digest!.Value))).Reason;
}
