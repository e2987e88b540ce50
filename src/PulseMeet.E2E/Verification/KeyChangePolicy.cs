namespace PulseMeet.E2E.Verification;

/// <summary>Whether sending to a contact stops when its account key changes, until the app accepts the change.</summary>
public enum KeyChangePolicy
{
    /// <summary>It stops where the key had been verified, and goes on with an event where it had not.</summary>
    StopWhereVerified = 0,

    /// <summary>It stops at any change.</summary>
    StopAlways = 1,

    /// <summary>It goes on, with an event.</summary>
    GoOn = 2,
}
