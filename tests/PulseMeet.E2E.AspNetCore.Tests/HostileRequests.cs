using System.Net;
using System.Net.Http.Headers;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore.Tests;

/// <summary>Requests that no client of ours makes: a documented refusal, within bounds, and nothing done.</summary>
public sealed class HostileRequests
{
    public static TheoryData<string> Operations => [.. RelayOperations.All.Select(operation => operation.Path)];

    /// <summary>Attack 59's sister on the wire: what is in a body stops nobody and crashes nothing.</summary>
    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Arbitrary_bodies_are_answered_or_refused_as_documented(string path)
    {
        await using RelayHost host = await RelayHost.StartAsync();
        byte[] noise = [.. Enumerable.Range(0, 200).Select(i => (byte)(i * 167))];
        byte[][] bodies =
        [
            [], [0], [255], new byte[4], new byte[16], new byte[24], new byte[300], noise, noise[..16], noise[..28],
            [.. Enumerable.Repeat((byte)255, 16)], [.. Enumerable.Repeat((byte)255, 64)], [0, 0, 15, 255, .. noise], [127, 255, 255, 255],
            [0, 5, 97, 108, 105, 99, 101, 255, 255, 255, 255], [0, 3, 255, 254, 253, 0, 0, 0, 0],
        ];
        foreach (byte[] body in bodies)
        {
            using HttpResponseMessage response = await host.PostAsync(path, body);
            Assert.True((int)response.StatusCode is 200 or 204 or (>= 400 and < 500), $"{(int)response.StatusCode}");
            if ((int)response.StatusCode >= 400)
            {
                Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_body_over_its_bound_is_refused_announced_or_not(string path)
    {
        await using RelayHost host = await RelayHost.StartAsync();
        byte[] body = new byte[RelayOperations.All.Single(operation => operation.Path == path).MaxBody + 1];
        using (HttpResponseMessage response = await host.PostAsync(path, body))
        {
            await Callers.AssertRefusedAsync(HttpStatusCode.RequestEntityTooLarge, E2EError.LimitExceeded, response);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{host.Address}/{path}"));
        request.Content = new UnannouncedContent(body);
        request.Content.Headers.ContentType = new("application/octet-stream");
        request.Headers.Authorization = new("Bearer", TestAuthentication.Token("alice", "phone"));
        try
        {
            using HttpResponseMessage response = await host.Client.SendAsync(request);
            await Callers.AssertRefusedAsync(HttpStatusCode.RequestEntityTooLarge, E2EError.LimitExceeded, response);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError is HttpRequestError.Unknown or HttpRequestError.ResponseEnded)
        {
            // The server has closed the connection while the body was still on its way.
        }
    }

    [Fact]
    public async Task Numbers_and_ids_out_of_their_range_that_arrive_all_the_same_are_malformed()
    {
        await using RelayHost host = await RelayHost.StartAsync();
        (string Path, byte[] Body)[] requests =
        [
            (RelayPaths.Receive, RelayWire.Write(w => { w.UInt32(0); w.UInt32(0); w.Int64(0); w.Ids([]); })),
            (RelayPaths.Receive, RelayWire.Write(w => { w.UInt32(1); w.UInt32(60_001); w.Int64(0); w.Ids([]); })),
            (RelayPaths.Receive, RelayWire.Write(w => { w.UInt32(1); w.UInt32(0); w.Int64(-1); w.Ids([]); })),
            (RelayPaths.GetDeviceList, RelayWire.Write(w => w.Text(new string('a', 65)))),
            (RelayPaths.GetDeviceList, RelayWire.Write(w => w.Text(string.Empty))),
            (RelayPaths.GroupInfo, []),
            (RelayPaths.GroupInfo, new byte[65]),
            (RelayPaths.Tree, new byte[31]),
            (RelayPaths.MediaLength, new byte[17]),
            (RelayPaths.BeginMedia, RelayWire.Write(w => { w.Bytes(new byte[16]); w.Int64(0); })),
            (RelayPaths.GetMedia, RelayWire.Write(w => { w.Bytes(new byte[16]); w.Int64(-1); w.UInt32(1); })),
        ];
        foreach ((string path, byte[] body) in requests)
        {
            using HttpResponseMessage response = await host.PostAsync(path, body);
            await Callers.AssertRefusedAsync(HttpStatusCode.BadRequest, E2EError.InvalidEncoding, response);
        }
    }

    [Fact]
    public async Task A_count_of_a_thousand_million_allocates_nothing()
    {
        await using RelayHost host = await RelayHost.StartAsync();
        using HttpResponseMessage response = await host.PostAsync(RelayPaths.Deliver, [59, 154, 202, 0]);
        await Callers.AssertRefusedAsync(HttpStatusCode.RequestEntityTooLarge, E2EError.LimitExceeded, response);
        using HttpResponseMessage second = await host.PostAsync(RelayPaths.Deliver, [0, 0, 16, 0]);
        await Callers.AssertRefusedAsync(HttpStatusCode.BadRequest, E2EError.InvalidEncoding, second);
    }

    private sealed class UnannouncedContent(byte[] body) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(body).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
