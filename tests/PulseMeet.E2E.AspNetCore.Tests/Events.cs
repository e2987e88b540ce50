using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore.Tests;

/// <summary>The mailbox as server-sent events, and the OpenAPI document.</summary>
public sealed class Events
{
    [Fact]
    public async Task What_lies_in_the_mailbox_and_what_comes_is_an_event_and_nothing_is_acknowledged_by_it()
    {
        await using RelayHost host = await RelayHost.StartAsync();
        using var account = Ed25519KeyPair.Generate();
        using DeviceIdentity bob = DeviceIdentity.Create(account, new("bob", "phone"), host.Clock);
        IE2ERelay relay = host.Connect(bob.Address);
        await relay.PublishDeviceListAsync(DeviceList.Sign(account, [bob.Certificate], null, host.Clock).Encode());
        await DeliverAsync(1);

        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{host.Address}/{RelayPaths.Events}?revision=7"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", TestAuthentication.Token("bob", "phone"));
        using HttpResponseMessage response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal(("revision", "7"), await NextAsync());
        Assert.Equal(1, await ItemAsync());
        await DeliverAsync(2);
        Assert.Equal(2, await ItemAsync());
        Assert.Equal(2, (await relay.ReceiveAsync(new(10, TimeSpan.Zero, 0, []))).Items.Count);

        Task DeliverAsync(byte content) => relay.DeliverAsync([new(bob.Address, new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, content }, new[] { content })]);

        async Task<(string, string)> NextAsync()
        {
            string? name = null;
            while (await events.ReadLineAsync() is { } line)
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal))
                {
                    name = line[7..];
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    return (name!, line[6..]);
                }
            }

            throw new EndOfStreamException();
        }

        async Task<int> ItemAsync()
        {
            (string name, string data) = await NextAsync();
            Assert.Equal("item", name);
            return RelayWire.Read(Convert.FromBase64String(data), RelayWire.ReadItem).Content.Span[0];
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("?revision=-1")]
    [InlineData("?revision=x")]
    public async Task Events_without_the_stores_revision_are_refused(string query)
    {
        await using RelayHost host = await RelayHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{host.Address}/{RelayPaths.Events}{query}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", TestAuthentication.Token("bob", "phone"));
        using HttpResponseMessage response = await host.Client.SendAsync(request);
        await Callers.AssertRefusedAsync(HttpStatusCode.BadRequest, E2EError.InvalidEncoding, response);
    }

    [Fact]
    public async Task The_OpenAPI_document_has_every_operation_and_no_other()
    {
        await using RelayHost host = await RelayHost.StartAsync();
        using HttpResponseMessage response = await host.Client.GetAsync(new Uri($"{host.Address}/v1/openapi.json"));
        using JsonDocument document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("3.1.0", document.RootElement.GetProperty("openapi").GetString());
        string[] paths = [.. document.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name)];
        Assert.Equal(
            RelayOperations.All.Select(operation => "/" + operation.Path).Append("/" + RelayPaths.Events).Order(StringComparer.Ordinal),
            paths.Order(StringComparer.Ordinal));
    }
}
