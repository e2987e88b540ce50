using FsCheck.Xunit;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Messages may be lost, late, reordered or doubled: each that arrives opens exactly once.</summary>
public sealed class RatchetDelivery
{
    [Property(MaxTest = 200, Arbitrary = [typeof(ScheduleGenerator)])]
    public bool Each_delivered_message_opens_exactly_once_under_any_schedule(Schedule schedule) =>
        Simulation.EveryDeliveredMessageOpensExactlyOnce(schedule);

    [Fact]
    public void A_duplicate_has_a_reason_of_its_own()
    {
        SessionPair pair = Sessions.Established();
        byte[] message = pair.Alice.Seal("once"u8);
        pair.Bob.Open(message);
        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => pair.Bob.Open(message)));
    }

    [Fact]
    public void A_duplicate_from_an_earlier_chain_still_has_it()
    {
        SessionPair pair = Sessions.Established();
        byte[] message = pair.Alice.Seal("once"u8);
        pair.Bob.Open(message);
        for (int i = 0; i < RatchetLimits.MaxReceivingChains - 1; i++)
        {
            Sessions.RoundTrip(pair);
        }

        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => pair.Bob.Open(message)));
    }

    [Fact]
    public void Messages_of_four_earlier_chains_still_open_late_and_older_ones_do_not()
    {
        SessionPair pair = Sessions.Established();
        var late = new List<byte[]>();
        for (int i = 0; i < RatchetLimits.MaxReceivingChains + 1; i++)
        {
            late.Add(pair.Alice.Seal([(byte)i]));
            Sessions.RoundTrip(pair);
        }

        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(late[0])));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(late[1])));
        for (int i = 2; i < late.Count; i++)
        {
            Assert.Equal([(byte)i], pair.Bob.Open(late[i]));
        }
    }

    [Fact]
    public void A_message_returned_to_its_own_sender_does_not_open()
    {
        SessionPair pair = Sessions.Established();
        byte[] message = pair.Alice.Seal("to Bob"u8);
        byte[] before = pair.Alice.Serialize();
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Alice.Open(message)));
        Assert.Equal(before, pair.Alice.Serialize());
    }

    [Fact]
    public void A_first_message_returned_to_its_own_sender_does_not_open()
    {
        SessionPair pair = Sessions.Begun();
        byte[] message = pair.Alice.Seal("to Bob"u8);
        Assert.True(RatchetSession.IsFirstMessage(message));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Alice.Open(message)));
    }

    [Fact]
    public void Associated_data_of_the_app_is_authenticated()
    {
        SessionPair pair = Sessions.Established();
        byte[] message = pair.Alice.Seal("text"u8, "conversation 1"u8);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(message, "conversation 2"u8)));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(message)));
        Assert.Equal("text"u8.ToArray(), pair.Bob.Open(message, "conversation 1"u8));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(70_000)]
    [InlineData(1_000_000)]
    public void Every_length_opens(int length)
    {
        SessionPair pair = Sessions.Established();
        byte[] text = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
        Assert.Equal(text, pair.Bob.Open(pair.Alice.Seal(text)));
    }

    [Fact]
    public void A_message_is_at_most_106_bytes_longer_than_its_plaintext_and_a_first_one_1600_padding_apart()
    {
        var options = new RatchetOptions { Padding = PulseMeet.E2E.Sealing.PaddingScheme.None };
        SessionPair begun = Sessions.Begun(options);
        SessionPair established = Sessions.Established(options);
        Assert.InRange(begun.Alice.Seal(new byte[256]).Length - 256, 1, 1600);
        Assert.InRange(established.Alice.Seal(new byte[256]).Length - 256, 1, 106);
        Assert.Equal(established.Alice.Seal(new byte[256]).Length, established.Alice.GetSealedLength(256));
    }

    [Fact]
    public void Sealing_into_a_span_that_is_too_short_changes_nothing()
    {
        SessionPair pair = Sessions.Established();
        byte[] before = pair.Alice.Serialize();
        Assert.False(pair.Alice.TrySeal("text"u8, new byte[pair.Alice.GetSealedLength(4) - 1], out int written));
        Assert.Equal(0, written);
        Assert.Equal(before, pair.Alice.Serialize());
        byte[] exact = new byte[pair.Alice.GetSealedLength(4)];
        Assert.True(pair.Alice.TrySeal("text"u8, exact, out written));
        Assert.Equal("text"u8.ToArray(), pair.Bob.Open(exact.AsSpan(0, written)));
    }

    [Fact]
    public async Task Messages_opened_in_parallel_open_once_each()
    {
        SessionPair pair = Sessions.Established();
        byte[][] messages = [.. Enumerable.Range(0, 50).Select(i => pair.Alice.Seal([(byte)i]))];
        int[] opened = await Task.WhenAll(messages.Concat(messages).Select(message => Task.Run(() =>
        {
            try
            {
                return pair.Bob.Open(message)[0];
            }
            catch (E2EException exception) when (exception.Reason == E2EError.DuplicateMessage)
            {
                return -1;
            }
        })));
        Assert.Equal(Enumerable.Range(0, 50), opened.Where(i => i >= 0).Order());
    }
}
