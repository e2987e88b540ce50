using System.Net;
using System.Text.Json;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore.Tests;

/// <summary>Who may call: the caller is whom the app's authentication names, and nobody acts for another.</summary>
public sealed class Callers
{
    public static TheoryData<string> Operations => [.. RelayOperations.All.Select(operation => operation.Path)];

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Without_authentication_nothing_is_done(string path)
    {
        await using RelayHost host = await RelayHost.StartAsync();
        using HttpResponseMessage response = await host.PostAsync(path, [], token: null);
        await AssertRefusedAsync(HttpStatusCode.Unauthorized, E2EError.NotAllowed, response);
    }

    [Fact]
    public async Task Without_authentication_there_are_no_events()
    {
        await using RelayHost host = await RelayHost.StartAsync();
        using HttpResponseMessage response = await host.Client.GetAsync(new Uri($"{host.Address}/{RelayPaths.Events}?revision=0"));
        await AssertRefusedAsync(HttpStatusCode.Unauthorized, E2EError.NotAllowed, response);
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("alice phone laptop")]
    [InlineData("alice 01234567890123456789012345678901234567890123456789012345678901234")]
    public async Task An_authentication_that_names_no_device_or_several_is_no_callers(string token)
    {
        await using RelayHost host = await RelayHost.StartAsync();
        using HttpResponseMessage response = await host.PostAsync(RelayPaths.GetRecovery, [], token);
        await AssertRefusedAsync(HttpStatusCode.Forbidden, E2EError.NotAllowed, response);
    }

    [Fact]
    public async Task A_client_that_says_it_is_another_device_acts_for_the_authenticated_one_alone()
    {
        await using RelayHost host = await RelayHost.StartAsync();
        using var account = Ed25519KeyPair.Generate();
        using DeviceIdentity bob = DeviceIdentity.Create(account, new("bob", "phone"), host.Clock);
        byte[] list = DeviceList.Sign(account, [bob.Certificate], null, host.Clock).Encode();
        IE2ERelay bobs = host.Connect(bob.Address);
        await bobs.PublishDeviceListAsync(list);
        await bobs.PutRecoveryCopyAsync(new byte[] { 1 });

        var claimsToBeBob = new Http.HttpRelay(
            host.Client, host.Address, bob.Address, RelayHost.OptionsFor(TestAuthentication.Token("mallory", "phone")), TimeProvider.System);
        Assert.Null(await claimsToBeBob.GetRecoveryCopyAsync());
        Assert.Equal(E2EError.WrongIdentity, (await Assert.ThrowsAsync<E2EException>(() => claimsToBeBob.PublishDeviceListAsync(list))).Reason);
        Assert.Equal(
            E2EError.UnknownDevice,
            (await Assert.ThrowsAsync<E2EException>(() => claimsToBeBob.ReceiveAsync(new(1, TimeSpan.Zero, 0, [])))).Reason);
    }

    [Fact]
    public async Task A_body_of_another_type_is_refused_so_that_a_page_of_another_site_cannot_send_one()
    {
        await using RelayHost host = await RelayHost.StartAsync();
        foreach (string type in (string[])["text/plain", "application/x-www-form-urlencoded", "application/octet-stream; charset=utf-8"])
        {
            using HttpResponseMessage response = await host.PostAsync(RelayPaths.Acknowledge, [0, 0, 0, 0], mediaType: type);
            await AssertRefusedAsync(HttpStatusCode.UnsupportedMediaType, E2EError.InvalidEncoding, response);
        }
    }

    [Fact]
    public async Task Another_method_is_not_mapped()
    {
        await using RelayHost host = await RelayHost.StartAsync();
        using HttpResponseMessage response = await host.Client.GetAsync(new Uri($"{host.Address}/{RelayPaths.GetRecovery}"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    internal static async Task AssertRefusedAsync(HttpStatusCode status, E2EError reason, HttpResponseMessage response)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using JsonDocument problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal((int)reason, problem.RootElement.GetProperty("code").GetInt32());
        Assert.Equal(reason.ToString(), problem.RootElement.GetProperty("reason").GetString());
        Assert.Equal((int)status, problem.RootElement.GetProperty("status").GetInt32());
    }
}
