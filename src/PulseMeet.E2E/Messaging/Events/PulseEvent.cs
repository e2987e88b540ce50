namespace PulseMeet.E2E;

/// <summary>Something that happened in a pulse chat. A kind that an app does not know it may pass over.</summary>
public abstract class PulseEvent : E2EEvent
{
    private protected PulseEvent(PulseId pulseId) => PulseId = pulseId;

    /// <summary>The chat: <see cref="E2EClient.GetPulseAsync"/>.</summary>
    public PulseId PulseId { get; }
}
