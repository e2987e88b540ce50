using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A device's records of an earlier version are read, and written as the present one.</summary>
public sealed class RecordCompatibility
{
    /// <summary>"last", the 21st of Alice's stream, sealed for Bob's phone, in the form that had no time from which it is kept.</summary>
    private const string SentOfVersion1 =
        "010000002b0005616c696365000570686f6e6501a22c99beccfc208b3e3b011ac38922010005616c6963650003626f620000000000000015000001a22c99c426"
        + "0001000000046c6173740003626f620000002099117e2a1e84052e39ee46a124a432e3f579b5d32831ca79db4fdd35fd18564b00000020b184eee12bfc2a295f"
        + "7690461362c0f3b6dd60adc7b0b6a22e82dedefd6c6205000000000000000000010003626f62000570686f6e65f24a789016fd7e2a79f0a92f0354ae2af6331f"
        + "e95f3fd8489c2313dae5e088200d7e44e12dd0cf427e2b0d92e3764fc20000";

    [Fact]
    public void What_was_sent_before_it_had_a_time_of_its_own_is_kept_from_when_it_was_written()
    {
        SentRecord record = SentRecord.Decode(Convert.FromHexString(SentOfVersion1));
        Assert.Equal("last", System.Text.Encoding.UTF8.GetString(record.Draft.Body.Span));
        Assert.Equal((21UL, 0L), (record.Draft.Number, record.PendingSequence));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(0x01a22c99c426), record.SentAt);
        Assert.Equal(record.Draft.Time, record.SentAt);
        SentTarget target = Assert.Single(record.Targets);
        Assert.Equal(("bob", "phone", true, false), (target.Device.UserId, target.Device.DeviceId, target.IsSealed, target.IsDelivered));

        byte[] written = (record with { SentAt = record.SentAt.AddDays(1) }).Encode();
        Assert.Equal(2, written[0]);
        Assert.Equal(record.SentAt.AddDays(1), SentRecord.Decode(written).SentAt);
        Assert.Equal(SentOfVersion1.Length / 2 + 8, written.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void What_was_sent_of_a_version_that_there_is_not_is_refused_as_such(byte version)
    {
        byte[] record = Convert.FromHexString(SentOfVersion1);
        record[0] = version;
        Assert.Equal(E2EError.UnsupportedVersion, Assert.Throws<E2EException>(() => SentRecord.Decode(record)).Reason);
    }

    [Fact]
    public void A_byte_too_few_or_too_many_is_refused()
    {
        byte[] record = Convert.FromHexString(SentOfVersion1);
        Assert.Equal(E2EError.InvalidEncoding, Assert.Throws<E2EException>(() => SentRecord.Decode(record.AsSpan(0, record.Length - 1))).Reason);
        Assert.Equal(E2EError.InvalidEncoding, Assert.Throws<E2EException>(() => SentRecord.Decode([.. record, 0])).Reason);
    }
}
