using System.Numerics;
using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Sealing;

/// <summary>The length of a message tells little, and its padding is never ambiguous.</summary>
public sealed class MessagePadding
{
    [Fact]
    public void Padme_is_the_papers_definition_for_every_length_up_to_70_000_and_around_every_power_of_two()
    {
        IEnumerable<int> around = Enumerable.Range(17, 8).SelectMany(e => Enumerable.Range((1 << e) - 40, 80));
        foreach (int length in Enumerable.Range(1, 70_000).Concat(around))
        {
            Assert.Equal(Padme(length), PaddingScheme.Padme.GetPaddedLength(length - 1));
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(8, 8)]
    [InlineData(9, 10)] // the paper's first lengths that grow
    [InlineData(100, 104)]
    [InlineData(1000, 1024)]
    [InlineData(10_000, 10_240)]
    [InlineData(1_000_000, 1_015_808)]
    public void Padme_gives_the_known_lengths(int marked, int padded) =>
        Assert.Equal(padded, PaddingScheme.Padme.GetPaddedLength(marked - 1));

    [Fact]
    public void By_default_short_answers_have_one_length()
    {
        using ConversationKey key = ConversationKey.Import(new byte[32]);
        var sealer = new MessageSealer(new MessageSealingOptions());
        var context = new MessageContext("conversation", "alice", "bob", "message");
        SessionPair pair = Sessions.Established();
        string[] answers = ["", "no", "yes", "maybe", new('x', 63)];
        Assert.Single(answers.Select(answer => sealer.Seal(key, System.Text.Encoding.UTF8.GetBytes(answer), context).Length).Distinct());
        Assert.Single(answers.Select(answer => pair.Alice.Seal(System.Text.Encoding.UTF8.GetBytes(answer)).Length).Distinct());
        Assert.Single(answers.Select(answer => pair.Bob.Seal(System.Text.Encoding.UTF8.GetBytes(answer)).Length).Distinct());
    }

    [Fact]
    public void The_default_is_padme_of_the_next_multiple_of_64_and_never_more_than_63_bytes_or_12_percent()
    {
        foreach (int length in Enumerable.Range(1, 70_000))
        {
            int padded = PaddingScheme.Default.GetPaddedLength(length - 1);
            Assert.Equal(Padme((length + 63) / 64 * 64), padded);
            Assert.InRange(padded, length, Math.Max(length + 63, length * 1.12));
        }
    }

    [Fact]
    public void The_default_leaves_few_lengths_to_tell_apart_among_short_messages()
    {
        int Distinct(PaddingScheme scheme) => Enumerable.Range(0, 1024).Select(scheme.GetPaddedLength).Distinct().Count();
        Assert.Equal((16, 76), (Distinct(PaddingScheme.Default), Distinct(PaddingScheme.Padme)));
    }

    [Property(MaxTest = 1000)]
    public bool Padme_adds_at_most_12_percent(int value)
    {
        int length = Math.Abs(value % MessageSealer.MaxPlaintextSize) + 1;
        int padded = PaddingScheme.Padme.GetPaddedLength(length - 1);
        return padded >= length && padded <= length * 1.12;
    }

    [Fact]
    public void Padme_leaves_few_lengths_to_tell_apart()
    {
        int distinct = Enumerable.Range(0, 65_536).Select(PaddingScheme.Padme.GetPaddedLength).Distinct().Count();
        Assert.InRange(distinct, 1, 200);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(255)]
    [InlineData(PaddingScheme.MaxBlockSize)]
    public void A_block_is_filled_to_its_next_multiple_and_always_marked(int size)
    {
        PaddingScheme block = PaddingScheme.Block(size);
        Assert.Equal(size, block.GetPaddedLength(0));
        Assert.Equal(size, block.GetPaddedLength(size - 1));
        Assert.Equal(2 * size, block.GetPaddedLength(size));
    }

    [Fact]
    public void A_block_outside_its_range_is_a_callers_mistake()
    {
        foreach (int size in new[] { int.MinValue, -1, 0, 1, PaddingScheme.MaxBlockSize + 1, int.MaxValue })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => PaddingScheme.Block(size));
        }
    }

    [Fact]
    public void None_adds_the_marker_alone() => Assert.Equal(101, PaddingScheme.None.GetPaddedLength(100));

    [Property(MaxTest = 500)]
    public bool A_text_that_looks_like_padding_comes_back_whole(byte[] head, byte zeros, byte markers)
    {
        byte[] text = [.. head, .. Enumerable.Repeat((byte)0x80, markers % 4), .. new byte[zeros % 40]];
        byte[] padded = new byte[PaddingScheme.Default.GetPaddedLength(text.Length)];
        Padding.Write(text, padded);
        return Padding.FindContentLength(padded) == text.Length && padded.AsSpan(0, text.Length).SequenceEqual(text);
    }

    [Fact]
    public void What_has_no_marker_is_refused()
    {
        byte[][] unmarked = [[], [0], new byte[100], [0x80, 1], [0x81, 0, 0], [1, 2, 3]];
        Assert.All(unmarked, padded => Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => Padding.FindContentLength(padded))));
    }

    [Fact]
    public void There_is_no_content_of_a_negative_length() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PaddingScheme.Default.GetPaddedLength(-1));

    [Fact]
    public void What_was_in_the_memory_before_is_not_in_the_padding()
    {
        byte[] padded = new byte[64];
        Array.Fill(padded, (byte)0xaa);
        Padding.Write("text"u8, padded);
        Assert.True(padded.AsSpan(5).IndexOfAnyExcept((byte)0) < 0);
    }

    /// <summary>PURBs, algorithm 1, in exact arithmetic.</summary>
    private static int Padme(int length)
    {
        int e = FloorLog2(length);
        int s = e == 0 ? 1 : FloorLog2(e) + 1;
        var unit = BigInteger.Pow(2, Math.Max(0, e - s));
        return (int)((length + unit - 1) / unit * unit);
    }

    private static int FloorLog2(int value)
    {
        int log = 0;
        while ((value >>= 1) > 0)
        {
            log++;
        }

        return log;
    }
}
