namespace PulseMeet.E2E.AspNetCore;

/// <summary>What a call costs beside its place in the rate.</summary>
internal enum RelayCost
{
    /// <summary>Nothing.</summary>
    Plain,

    /// <summary>A pair, or a key package, of each device.</summary>
    Claim,

    /// <summary>A connection for as long as it waits.</summary>
    Wait,
}

/// <summary>An operation of docs/protocol-http.md.</summary>
/// <param name="Path">Under the prefix.</param>
/// <param name="Summary">What it does, for the OpenAPI document.</param>
/// <param name="MaxBody">The longest request, in bytes.</param>
/// <param name="HasAnswer">Whether there is a body in the answer.</param>
/// <param name="Run">Does it; null is 204.</param>
/// <param name="Cost">What it costs.</param>
internal sealed record RelayOperation(
    string Path, string Summary, int MaxBody, bool HasAnswer, Func<RelayCall, Task<byte[]?>> Run, RelayCost Cost = RelayCost.Plain);
