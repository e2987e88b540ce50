namespace PulseMeet.E2E.Testing;

/// <summary>The rules of docs/protocol-relay.md as checks that run against any relay and any media store, over any
/// transport. Needs no test framework: a test runs each check and lets its exception through.</summary>
/// <remarks>Checks use users and ids of their own, so that they may share one relay, one after the other: its clock is
/// moved.</remarks>
public static class RelayConformance
{
    /// <summary>All checks.</summary>
    public static IReadOnlyList<ConformanceCheck<RelayUnderTest>> Checks { get; } =
    [
        .. DeviceListChecks.All,
        .. PreKeyChecks.All,
        .. KeyPackageChecks.All,
        .. MailboxChecks.All,
        .. MailboxBoundChecks.All,
        .. WaitingChecks.All,
        .. GroupChecks.All,
        .. DeliveryListChecks.All,
        .. AccountChecks.All,
        .. MediaChecks.All,
    ];
}
