using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>Maps the relay's endpoints.</summary>
public static class E2ERelayEndpointExtensions
{
    /// <summary>Maps the relay, the media store and their OpenAPI document under a prefix: docs/protocol-http.md.</summary>
    /// <param name="endpoints">The app's endpoints.</param>
    /// <param name="prefix">Where, such as <c>/e2e</c>.</param>
    /// <returns>All of them, for <c>RequireAuthorization</c>, CORS and the like.</returns>
    /// <remarks>The caller is whom the app's authentication says: the claims that <see cref="E2ERelayOptions"/> names. Without
    /// authentication a call is answered with 401, also where the app does not ask for authorization.</remarks>
    public static IEndpointConventionBuilder MapE2ERelay(this IEndpointRouteBuilder endpoints, string prefix = "/e2e")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        RouteGroupBuilder group = endpoints.MapGroup(prefix);
        foreach (RelayOperation operation in RelayOperations.All)
        {
            group.MapMethods(operation.Path, [HttpMethods.Post], RelayEndpoint.For(operation));
        }

        group.MapMethods(RelayPaths.Events, [HttpMethods.Get], RelayEvents.Endpoint);
        group.MapMethods(RelayOpenApi.Path, [HttpMethods.Get], RelayOpenApi.Endpoint);
        return group;
    }
}
