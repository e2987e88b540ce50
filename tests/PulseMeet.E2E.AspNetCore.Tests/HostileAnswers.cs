using System.Net;
using System.Net.Http.Headers;
using PulseMeet.E2E.Http;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore.Tests;

/// <summary>Answers that no relay of ours gives: one documented exception, within bounds.</summary>
public sealed class HostileAnswers
{
    private static readonly byte[] s_id = new byte[16];

    [Theory]
    [InlineData(200, "text/html", "<html>Please log in</html>")]
    [InlineData(200, null, "")]
    [InlineData(200, "application/octet-stream", "")]
    [InlineData(200, "application/octet-stream", "abc")]
    [InlineData(200, "application/octet-stream", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz")]
    [InlineData(302, "text/html", "")]
    [InlineData(404, "text/html", "Not found")]
    [InlineData(400, "application/problem+json", "{")]
    [InlineData(400, "application/problem+json", "[]")]
    [InlineData(400, "application/problem+json", "{\"code\":\"14\"}")]
    [InlineData(400, "application/problem+json", "{\"code\":6}")]
    [InlineData(400, "application/problem+json", "{\"code\":99999999999}")]
    [InlineData(500, "text/plain", "Oops")]
    [InlineData(204, null, "")]
    public async Task What_is_no_answer_is_an_unavailable_relay_for_every_call_that_needs_one(int status, string? type, string body)
    {
        HttpRelay relay = Relay(_ => Response(status, type, System.Text.Encoding.UTF8.GetBytes(body)));
        Func<Task>[] calls =
        [
            () => relay.PublishPreKeysAsync(new byte[1]),
            () => relay.GetPreKeyStatusAsync(),
            () => relay.ClaimBundlesAsync("bob", []),
            () => relay.ClaimKeyPackagesAsync("bob"),
            () => relay.PublishKeyPackagesAsync([], new byte[1]),
            () => relay.DeliverAsync([new(new("bob", "phone"), s_id, new byte[1])]),
            () => relay.ReceiveAsync(new(1, TimeSpan.Zero, 0, [])),
            () => relay.OfferCommitAsync(new(s_id, 0, s_id, new byte[1], [], [], default, default)),
            () => relay.GetCandidatesAsync(s_id, 0, 0, 1),
        ];
        foreach (Func<Task> call in calls)
        {
            Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(call)).Reason);
        }
    }

    [Theory]
    [InlineData(413, E2EError.LimitExceeded)]
    [InlineData(429, E2EError.LimitExceeded)]
    [InlineData(401, E2EError.NotAllowed)]
    [InlineData(403, E2EError.NotAllowed)]
    public async Task A_status_that_speaks_for_itself_needs_no_problem_details(int status, E2EError reason)
    {
        HttpRelay relay = Relay(_ => Response(status, "text/html", []));
        Assert.Equal(reason, (await Assert.ThrowsAsync<E2EException>(() => relay.GetRecoveryCopyAsync())).Reason);
    }

    [Fact]
    public async Task A_body_without_an_end_is_not_read_beyond_the_bound()
    {
        var endless = new EndlessStream();
        HttpRelay relay = Relay(_ => Response(200, "application/octet-stream", new StreamContent(endless)));
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => relay.GetRecoveryCopyAsync())).Reason);
        Assert.InRange(endless.Given, RelayLimits.MaxRequestSize, 2L * RelayPaths.MaxBodySize);
    }

    [Fact]
    public async Task Problem_details_without_an_end_are_not_read_beyond_the_bound()
    {
        var endless = new EndlessStream();
        HttpRelay relay = Relay(_ => Response(400, "application/problem+json", new StreamContent(endless)));
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => relay.GetRecoveryCopyAsync())).Reason);
        Assert.True(endless.Given < 100_000);
    }

    [Fact]
    public async Task A_media_store_that_gives_more_than_was_asked_for_is_not_believed()
    {
        HttpMediaStore media = Media(_ => Response(200, "application/octet-stream", new byte[11]));
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => media.GetAsync(s_id, 0, new byte[10]))).Reason);
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => media.GetLengthAsync(s_id))).Reason);
        HttpMediaStore negative = Media(_ => Response(200, "application/octet-stream", [255, 255, 255, 255, 255, 255, 255, 255]));
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => negative.BeginPutAsync(s_id, 1))).Reason);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public async Task Outcomes_that_are_not_one_for_each_envelope_are_no_answer(int count)
    {
        HttpRelay relay = Relay(_ => Response(
            200, "application/octet-stream", [0, 0, 0, (byte)count, .. Enumerable.Repeat((byte)1, count)]));
        await Assert.ThrowsAsync<E2EException>(() => relay.DeliverAsync([new(new("bob", "phone"), s_id, new byte[1])]));
        HttpRelay unknown = Relay(_ => Response(200, "application/octet-stream", [0, 0, 0, 1, 77]));
        await Assert.ThrowsAsync<E2EException>(() => unknown.DeliverAsync([new(new("bob", "phone"), s_id, new byte[1])]));
    }

    internal static HttpRelay Relay(Func<HttpRequestMessage, HttpResponseMessage> answer, Action<HttpRelayOptions>? configure = null) =>
        new(Client(answer), new Uri("https://chat.example/e2e"), new("alice", "phone"), Options(configure), TimeProvider.System);

    internal static HttpResponseMessage Response(int status, string? type, byte[] body) => Response(status, type, new ByteArrayContent(body));

    internal static HttpResponseMessage Response(int status, string? type, HttpContent body)
    {
        body.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        return new HttpResponseMessage((HttpStatusCode)status) { Content = body };
    }

    private static HttpMediaStore Media(Func<HttpRequestMessage, HttpResponseMessage> answer) =>
        new(Client(answer), new Uri("https://chat.example/e2e/"), Options(null), TimeProvider.System);

    private static HttpClient Client(Func<HttpRequestMessage, HttpResponseMessage> answer) => new(new Server(answer));

    private static HttpRelayOptions Options(Action<HttpRelayOptions>? configure)
    {
        var options = new HttpRelayOptions { FirstPause = TimeSpan.Zero, LongestPause = TimeSpan.Zero };
        configure?.Invoke(options);
        return options;
    }

    private sealed class Server(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Task.FromResult(answer(request));
        }
    }

    private sealed class EndlessStream : Stream
    {
        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => Given; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Given += count;
            return count;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
