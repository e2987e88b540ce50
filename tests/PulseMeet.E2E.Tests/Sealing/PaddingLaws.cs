using FsCheck.Xunit;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Sealing;

/// <summary>Padding hides lengths as its scheme says and is taken off without doubt.</summary>
public sealed class PaddingLaws
{
    [Property(MaxTest = 500)]
    public bool Every_content_reads_back_whatever_it_ends_with(byte[] content, byte zeros, bool marker)
    {
        byte[] awkward = marker ? [.. content, 0x80, .. new byte[zeros]] : [.. content, .. new byte[zeros]];
        return new[] { PaddingScheme.Padme, PaddingScheme.None, PaddingScheme.Block(16), PaddingScheme.Block(65536) }.All(scheme =>
        {
            byte[] padded = new byte[scheme.GetPaddedLength(awkward.Length)];
            Padding.Write(awkward, padded);
            return Padding.FindContentLength(padded) == awkward.Length;
        });
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(9, 10)]
    [InlineData(33, 36)]
    [InlineData(100, 104)]
    [InlineData(1000, 1024)]
    [InlineData(1_000_000, 1_015_808)]
    public void Padme_rounds_as_the_paper_defines(int length, int expected) =>
        Assert.Equal(expected, PaddingScheme.Padme.GetPaddedLength(length - 1));

    [Fact]
    public void Padme_never_adds_more_than_12_percent_and_leaves_few_lengths()
    {
        HashSet<int> lengths = [];
        int previous = 0;
        for (int length = 1; length < 200_000; length++)
        {
            int padded = PaddingScheme.Padme.GetPaddedLength(length - 1);
            Assert.InRange(padded, Math.Max(length, previous), length * 112 / 100 + 1);
            lengths.Add(padded);
            previous = padded;
        }

        Assert.InRange(lengths.Count, 50, 260);
    }

    [Fact]
    public void Blocks_are_filled_up()
    {
        PaddingScheme scheme = PaddingScheme.Block(64);
        Assert.Equal(64, scheme.GetPaddedLength(0));
        Assert.Equal(64, scheme.GetPaddedLength(63));
        Assert.Equal(128, scheme.GetPaddedLength(64));
        Assert.Equal(5, PaddingScheme.None.GetPaddedLength(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => PaddingScheme.Block(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PaddingScheme.Block(PaddingScheme.MaxBlockSize + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => scheme.GetPaddedLength(-1));
    }

    [Fact]
    public void Padding_without_its_marker_is_refused()
    {
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => Padding.FindContentLength(new byte[8])));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => Padding.FindContentLength([1, 2, 3])));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => Padding.FindContentLength(default)));
    }
}
