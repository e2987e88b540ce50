using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>One sealed file opens under one key only (Dodis and others, "Fast Message Franking", ePrint 2019/016).</summary>
public sealed class MediaCommitment
{
    [Fact]
    public void One_sealed_file_under_two_keys_is_refused_by_the_commitment_though_the_segment_verifies_under_both()
    {
        byte[] first = new byte[32];
        byte[] second = new byte[32];
        second[0] = 1;
        var parameters = new FloeParameters(Sample.SegmentLength);
        byte[] iv = new byte[32];
        byte[] associatedData = MediaAssociatedData.Encode("media-1", MediaKind.Image);
        using FloeState one = FloeState.Start(first, parameters, iv, associatedData);
        using FloeState two = FloeState.Start(second, parameters, iv, associatedData);
        byte[] oneAes = new byte[32];
        byte[] twoAes = new byte[32];
        one.DeriveSegmentKey(0, oneAes);
        two.DeriveSegmentKey(0, twoAes);

        // AES-GCM alone does not commit: this ciphertext verifies under both AES keys.
        byte[] nonce = new byte[12];
        byte[] header = [.. new byte[8], 1];
        byte[] colliding = TwoKeyCiphertext.Make(oneAes, twoAes, nonce, header, blocks: 4);
        Assert.True(AesGcm256.TryOpen(oneAes, nonce, colliding, header, new byte[colliding.Length - 16]));
        Assert.True(AesGcm256.TryOpen(twoAes, nonce, colliding, header, new byte[colliding.Length - 16]));

        byte[] segment = [0, 0, 0, (byte)(16 + colliding.Length), .. nonce, .. colliding];
        byte[] file = [.. one.Header, .. segment];
        Assert.Equal(colliding.Length - 16, Open(first, one, file).Length);
        Assert.Equal(E2EError.WrongCommitment, Assert.Throws<E2EException>(() => Open(second, one, file)).Reason);
        Assert.Equal(E2EError.WrongCommitment, Assert.Throws<E2EException>(() => Open(second, two, file)).Reason);
    }

    private static byte[] Open(byte[] key, FloeState committed, byte[] file)
    {
        int length = file.Length - 74 - 32;
        using var reference = new MediaReference(
            Sample.Description, key, Sample.SegmentLength, length, file.Length, committed.HeaderTag, digest: null);
        byte[] content = new byte[length];
        MediaOpener.Open(reference, file, content);
        return content;
    }
}
