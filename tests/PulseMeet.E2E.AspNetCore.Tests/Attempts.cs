using System.Net.Http.Headers;
using PulseMeet.E2E.Http;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.AspNetCore.Tests;

/// <summary>What the client repeats by itself, and what it must not.</summary>
public sealed class Attempts
{
    private static readonly byte[] s_id = new byte[16];

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(408)]
    public async Task A_call_that_is_safe_to_repeat_is_repeated_after_a_passing_failure(int status)
    {
        int calls = 0;
        HttpRelay relay = HostileAnswers.Relay(_ => ++calls < 4
            ? HostileAnswers.Response(status, "text/plain", [])
            : HostileAnswers.Response(204, null, []));
        await relay.PublishDeviceListAsync(new byte[1]);
        Assert.Equal(4, calls);
    }

    [Fact]
    public async Task A_lost_answer_to_a_claim_is_not_repeated_and_a_refusal_that_says_nothing_was_done_is()
    {
        int calls = 0;
        HttpRelay lost = HostileAnswers.Relay(_ => { calls++; throw new HttpRequestException(HttpRequestError.ResponseEnded); });
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => lost.ClaimBundlesAsync("bob", []))).Reason);
        Assert.Equal(1, calls);
        calls = 0;
        HttpRelay refused = HostileAnswers.Relay(_ => { calls++; return HostileAnswers.Response(503, "text/plain", []); });
        await Assert.ThrowsAsync<E2EException>(() => refused.ClaimKeyPackagesAsync("bob"));
        Assert.Equal(4, calls);
        calls = 0;
        HttpRelay unreachable = HostileAnswers.Relay(_ => { calls++; throw new HttpRequestException(HttpRequestError.ConnectionError); });
        await Assert.ThrowsAsync<E2EException>(() => unreachable.ClaimBundlesAsync("bob", []));
        Assert.Equal(4, calls);
    }

    [Fact]
    public async Task A_signal_is_sent_once()
    {
        int calls = 0;
        HttpRelay relay = HostileAnswers.Relay(_ => { calls++; return HostileAnswers.Response(503, "text/plain", []); });
        await Assert.ThrowsAsync<E2EException>(() => relay.SignalAsync(new(new("bob", "phone"), s_id, new byte[1])));
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task A_refusal_is_not_asked_for_again()
    {
        int calls = 0;
        HttpRelay relay = HostileAnswers.Relay(_ =>
        {
            calls++;
            return HostileAnswers.Response(409, "application/problem+json", "{\"code\":21}"u8.ToArray());
        });
        Assert.Equal(
            E2EError.OutdatedDeviceList, (await Assert.ThrowsAsync<E2EException>(() => relay.PublishDeviceListAsync(new byte[1]))).Reason);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task The_pause_grows_and_is_as_long_as_the_server_asks_within_the_longest()
    {
        var clock = new ManualClock();
        int calls = 0;
        using var client = new HttpClient(new Handler(_ =>
        {
            HttpResponseMessage response = HostileAnswers.Response(429, "text/plain", []);
            response.Headers.RetryAfter = calls++ == 0 ? new RetryConditionHeaderValue(TimeSpan.FromHours(1)) : null;
            return Task.FromResult(response);
        }));
        var options = new HttpRelayOptions { MaxAttempts = 3, FirstPause = TimeSpan.FromSeconds(2), LongestPause = TimeSpan.FromSeconds(20) };
        var relay = new HttpRelay(client, new Uri("https://chat.example"), new("alice", "phone"), options, clock);
        Task<byte[]?> call = relay.GetRecoveryCopyAsync();
        await WaitForAsync(() => calls == 1 && clock.SetTimers > 0);
        clock.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(1, calls);
        clock.Advance(TimeSpan.FromSeconds(1));
        await WaitForAsync(() => calls == 2 && clock.SetTimers > 0);
        clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal(2, calls);
        clock.Advance(TimeSpan.FromSeconds(2.1));
        Assert.Equal(E2EError.LimitExceeded, (await Assert.ThrowsAsync<E2EException>(() => call)).Reason);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up_and_a_cancelled_call_ends_as_cancelled()
    {
        var clock = new ManualClock();
        using var client = new HttpClient(new Handler(async cancellationToken =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        }));
        var options = new HttpRelayOptions { MaxAttempts = 1 };
        var relay = new HttpRelay(client, new Uri("https://chat.example"), new("alice", "phone"), options, clock);
        Task<byte[]?> call = relay.GetRecoveryCopyAsync();
        await WaitForAsync(() => clock.SetTimers > 0);
        clock.Advance(options.AttemptTimeout);
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => call)).Reason);

        using var cancelled = new CancellationTokenSource();
        Task<byte[]?> second = relay.GetRecoveryCopyAsync(cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
    }

    [Fact]
    public async Task Every_attempt_asks_for_the_token_anew()
    {
        List<string?> tokens = [];
        int token = 0;
        HttpRelay relay = HostileAnswers.Relay(
            request =>
            {
                tokens.Add(request.Headers.Authorization?.ToString());
                return HostileAnswers.Response(503, "text/plain", []);
            },
            options =>
            {
                options.MaxAttempts = 2;
                options.AccessToken = _ => ValueTask.FromResult<string?>($"t{++token}");
            });
        await Assert.ThrowsAsync<E2EException>(() => relay.GetRecoveryCopyAsync());
        Assert.Equal(["Bearer t1", "Bearer t2"], tokens);
    }

    [Fact]
    public void No_id_stands_in_an_address()
    {
        List<string> addresses = [];
        HttpRelay relay = HostileAnswers.Relay(request =>
        {
            addresses.Add(request.RequestUri!.ToString());
            return HostileAnswers.Response(204, null, []);
        });
        _ = relay.GetDeviceListAsync("bob");
        _ = relay.GetGroupInfoAsync(s_id);
        Assert.Equal(["https://chat.example/e2e/v1/devices/get", "https://chat.example/e2e/v1/groups/info"], addresses);
    }

    [Theory]
    [InlineData("ftp://chat.example")]
    [InlineData("https://chat.example/e2e?x=1")]
    [InlineData("/e2e")]
    public void An_address_that_is_none_is_the_callers_mistake(string address)
    {
        using var client = new HttpClient();
        Assert.Throws<ArgumentException>(() => new HttpRelay(
            client, new Uri(address, UriKind.RelativeOrAbsolute), new("alice", "phone"), new(), TimeProvider.System));
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Yield();
        }
    }

    private sealed class Handler(Func<CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => answer(cancellationToken);
    }
}
