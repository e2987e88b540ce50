namespace PulseMeet.E2E;

/// <summary>This device's store is older than it was: restored from a copy. New sessions are begun; what was received since the copy
/// was made may be handed over again or be missing.</summary>
public sealed class StoreRolledBack : E2EEvent
{
}
