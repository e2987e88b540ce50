using FsCheck.Xunit;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Encoding;

/// <summary>The readers of byte formats stay within bounds and believe no length.</summary>
public sealed class SpanFormats
{
    [Property(MaxTest = 300)]
    public bool Any_sequence_of_reads_over_any_bytes_gives_values_or_the_documented_exception(byte[] bytes, byte[] reads) =>
        Refusal.IsDocumented(() =>
        {
            var reader = new SpanReader(bytes);
            foreach (byte read in reads)
            {
                _ = (read % 9) switch
                {
                    0 => reader.ReadByte(),
                    1 => reader.ReadUInt16(),
                    2 => reader.ReadUInt32(),
                    3 => reader.ReadInt64(),
                    4 => reader.ReadBoolean() ? 1 : 0,
                    5 => reader.ReadField16().Length,
                    6 => reader.ReadField32(1 << 20).Length,
                    7 => reader.ReadText16().Length,
                    _ => reader.ReadBytes(read).Length,
                };
            }

            reader.ExpectEnd();
        });

    [Fact]
    public void A_huge_length_field_allocates_nothing()
    {
        byte[] bytes = [0x7f, 0xff, 0xff, 0xff, 1, 2, 3];
        Refusal.Of(() => new SpanReader(bytes).ReadField32(int.MaxValue));
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            new SpanReader(bytes).ReadField32(int.MaxValue);
        }
        catch (E2EException)
        {
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16_384);
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => new SpanReader(bytes).ReadField32(1024)));
    }

    [Fact]
    public void A_flag_has_two_values_and_text_is_well_formed()
    {
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => new SpanReader([2]).ReadBoolean()));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => new SpanReader([0, 1, 0xff]).ReadText16()));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => new SpanReader([0, 3, 0xed, 0xa0, 0x80]).ReadText16()));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => new SpanReader([1]).ExpectEnd()));
    }

    [Property(MaxTest = 200)]
    public bool What_is_written_reads_back(byte a, ushort b, uint c, long d, bool e, byte[] f)
    {
        byte[] buffer = new byte[1 + 2 + 4 + 8 + 1 + 2 + f.Length + 4 + f.Length];
        var writer = new SpanWriter(buffer);
        writer.WriteByte(a);
        writer.WriteUInt16(b);
        writer.WriteUInt32(c);
        writer.WriteInt64(d);
        writer.WriteBoolean(e);
        writer.WriteField16(f);
        writer.WriteField32(f);
        writer.ExpectFull();
        var reader = new SpanReader(buffer);
        bool same = reader.ReadByte() == a && reader.ReadUInt16() == b && reader.ReadUInt32() == c && reader.ReadInt64() == d
            && reader.ReadBoolean() == e && reader.ReadField16().SequenceEqual(f) && reader.ReadField32(int.MaxValue).SequenceEqual(f);
        reader.ExpectEnd();
        return same;
    }

    [Fact]
    public void A_field_may_be_as_long_as_its_bound_and_a_destination_has_to_be_full()
    {
        byte[] field = [0, 0, 0, 2, 8, 9];
        Assert.Equal([8, 9], new SpanReader(field).ReadField32(2).ToArray());
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => new SpanReader(field).ReadField32(1)));
        Assert.Throws<InvalidOperationException>(() => new SpanWriter(new byte[1]).ExpectFull());
    }

    [Fact]
    public void The_first_and_the_last_second_are_times_and_those_beyond_are_not()
    {
        long first = DateTimeOffset.MinValue.ToUnixTimeSeconds();
        long last = DateTimeOffset.MaxValue.ToUnixTimeSeconds();
        Assert.Equal(first, UnixTime.From(first).ToUnixTimeSeconds());
        Assert.Equal(last, UnixTime.From(last).ToUnixTimeSeconds());
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => UnixTime.From(first - 1)));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => UnixTime.From(last + 1)));
    }

    [Fact]
    public void A_period_before_or_after_a_moment_ends_with_the_first_or_the_last_one_there_is()
    {
        var moment = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        Assert.Equal(moment.AddDays(30), UnixTime.After(moment, TimeSpan.FromDays(30)));
        Assert.Equal(moment.AddDays(-30), UnixTime.Before(moment, TimeSpan.FromDays(30)));
        Assert.Equal(DateTimeOffset.MaxValue, UnixTime.After(moment, TimeSpan.FromDays(3_000_000)));
        Assert.Equal(DateTimeOffset.MinValue, UnixTime.Before(moment, TimeSpan.FromDays(800_000)));
    }

    [Fact]
    public void Text_has_no_byte_order_mark() => Assert.Empty(StrictUtf8.Instance.GetPreamble());

    [Fact]
    public void Hexadecimal_and_base64_have_exactly_the_length_that_is_asked_for()
    {
        byte[] three = new byte[3];
        StrictText.DecodeHex("0a0B0c", three);
        Assert.Equal([10, 11, 12], three);
        StrictText.DecodeBase64("AQID", three);
        Assert.Equal([1, 2, 3], three);
        foreach (string text in new[] { "", "0a0b0", "0a0b", "0a0b0c0", "0a0b0c0d", "0a0b0x" })
        {
            Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => StrictText.DecodeHex(text, three)));
            Assert.Equal([0, 0, 0], three);
        }

        foreach (string text in new[] { "", "AQI=", "AQIDBA==", "AQI", "AQ!D" })
        {
            three.AsSpan().Fill(7);
            Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => StrictText.DecodeBase64(text, three)));
            Assert.Equal([0, 0, 0], three);
        }

        byte[] two = new byte[2];
        StrictText.DecodeBase64("AQI=", two);
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => StrictText.DecodeBase64("AQJ=", two))); // another spelling of the same bytes
        foreach (int length in new[] { 189, 190, 191, 192, 193, 1000 })
        {
            byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
            byte[] read = new byte[length];
            StrictText.DecodeBase64(Convert.ToBase64String(bytes), read);
            Assert.Equal(bytes, read);
        }
    }
}
