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
}
