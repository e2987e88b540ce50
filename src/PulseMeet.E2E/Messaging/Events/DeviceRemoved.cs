namespace PulseMeet.E2E;

/// <summary>This device is not on its account's list any more: it gets nothing, and nobody believes it. The app wipes it.</summary>
public sealed class DeviceRemoved : E2EEvent
{
}
