using System.Net;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore.Tests;

/// <summary>What one user asks too often takes nothing from the others (attack 43).</summary>
public sealed class Rates
{
    [Fact]
    public async Task A_user_over_the_rate_is_told_when_to_come_back_and_others_are_served()
    {
        await using RelayHost host = await RelayHost.StartAsync(options => options.CallsPerMinute = 3);
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage taken = await host.PostAsync(RelayPaths.GetRecovery, []);
            Assert.Equal(HttpStatusCode.NoContent, taken.StatusCode);
        }

        using HttpResponseMessage refused = await host.PostAsync(RelayPaths.GetRecovery, [], "alice laptop");
        await Callers.AssertRefusedAsync(HttpStatusCode.TooManyRequests, E2EError.LimitExceeded, refused);
        Assert.True(refused.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        using HttpResponseMessage other = await host.PostAsync(RelayPaths.GetRecovery, [], "bob phone");
        Assert.Equal(HttpStatusCode.NoContent, other.StatusCode);
    }

    [Fact]
    public async Task Claims_have_a_rate_of_their_own_which_is_looked_at_before_a_pair_is_taken()
    {
        await using RelayHost host = await RelayHost.StartAsync(options => options.ClaimsPerMinute = 1);
        byte[] nobody = RelayWire.Write(writer => writer.Text("nobody"));
        using HttpResponseMessage first = await host.PostAsync(RelayPaths.ClaimKeyPackages, nobody);
        await Callers.AssertRefusedAsync(HttpStatusCode.NotFound, E2EError.UnknownDevice, first);
        using HttpResponseMessage second = await host.PostAsync(RelayPaths.ClaimKeyPackages, nobody);
        await Callers.AssertRefusedAsync(HttpStatusCode.TooManyRequests, E2EError.LimitExceeded, second);
        using HttpResponseMessage plain = await host.PostAsync(RelayPaths.GetRecovery, []);
        Assert.Equal(HttpStatusCode.NoContent, plain.StatusCode);
    }

    [Fact]
    public async Task Calls_that_wait_are_bounded_for_each_user()
    {
        await using RelayHost host = await RelayHost.StartAsync(options => options.WaitingCalls = 1);
        byte[] wait = RelayWire.Write(writer => { writer.Bytes(new byte[16]); writer.UInt32(60_000); });
        Task<HttpResponseMessage> first = host.PostAsync(RelayPaths.GetLinkAnswer, wait);
        while (host.Clock.SetTimers < 2)
        {
            // The clean-up's timer is the first one; the second shows that the call waits.
            await Task.Yield();
        }

        using HttpResponseMessage second = await host.PostAsync(RelayPaths.GetLinkAnswer, wait);
        await Callers.AssertRefusedAsync(HttpStatusCode.TooManyRequests, E2EError.LimitExceeded, second);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        using HttpResponseMessage ended = await first;
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
    }
}
