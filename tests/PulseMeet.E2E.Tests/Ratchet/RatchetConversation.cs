using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

public sealed class RatchetConversation
{
    [Fact]
    public void Two_devices_that_share_nothing_but_published_keys_talk_in_both_directions()
    {
        SessionPair pair = Sessions.Established();
        for (int turn = 0; turn < 5; turn++)
        {
            byte[] question = System.Text.Encoding.UTF8.GetBytes($"question {turn}");
            byte[] answer = System.Text.Encoding.UTF8.GetBytes($"answer {turn}");
            Assert.Equal(question, pair.Bob.Open(pair.Alice.Seal(question)));
            Assert.Equal(answer, pair.Alice.Open(pair.Bob.Seal(answer)));
        }
    }
}
