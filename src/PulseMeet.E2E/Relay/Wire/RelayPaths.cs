namespace PulseMeet.E2E.Relay;

/// <summary>The operations of docs/protocol-http.md, under the relay's address.</summary>
internal static class RelayPaths
{
    public const string PublishPreKeys = "v1/prekeys/publish";
    public const string PreKeyStatus = "v1/prekeys/status";
    public const string PublishDeviceList = "v1/devices/publish";
    public const string GetDeviceList = "v1/devices/get";
    public const string ClaimBundles = "v1/bundles/claim";
    public const string PublishKeyPackages = "v1/key-packages/publish";
    public const string ClaimKeyPackages = "v1/key-packages/claim";
    public const string Deliver = "v1/envelopes/deliver";
    public const string Signal = "v1/envelopes/signal";
    public const string Receive = "v1/mailbox/receive";
    public const string Acknowledge = "v1/mailbox/acknowledge";
    public const string Events = "v1/mailbox/events";
    public const string Offer = "v1/groups/offer";
    public const string Candidates = "v1/groups/candidates";
    public const string GroupInfo = "v1/groups/info";
    public const string Tree = "v1/groups/tree";
    public const string Send = "v1/groups/send";
    public const string Subscribe = "v1/groups/subscribe";
    public const string PutRecovery = "v1/recovery/put";
    public const string GetRecovery = "v1/recovery/get";
    public const string PutLinkAnswer = "v1/links/put";
    public const string GetLinkAnswer = "v1/links/get";
    public const string BeginMedia = "v1/media/begin";
    public const string PutMedia = "v1/media/put";
    public const string MediaLength = "v1/media/length";
    public const string GetMedia = "v1/media/get";
    public const string DeleteMedia = "v1/media/delete";

    /// <summary>The longest body in either direction, in bytes: what a request may hold, and its lengths, ids and counts.</summary>
    public const int MaxBodySize = RelayLimits.MaxRequestSize + (1024 * 1024);

    /// <summary>The media type of every body but refusals.</summary>
    public const string MediaType = "application/octet-stream";

    /// <summary>The media type of refusals (RFC 9457).</summary>
    public const string ProblemType = "application/problem+json";
}
