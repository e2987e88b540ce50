namespace PulseMeet.E2E;

/// <summary>Somebody unknown has written. The messages wait until the app accepts or blocks the user; until then the sender
/// learns nothing.</summary>
/// <param name="userId">Who.</param>
/// <remarks>The account key of that user was not known before: nothing but the relay's word says whose it is, until the safety
/// number is compared.</remarks>
public sealed class MessageRequested(string userId) : E2EEvent
{
    /// <summary>Who.</summary>
    public string UserId { get; } = userId;
}
