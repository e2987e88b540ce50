namespace PulseMeet.E2E.Verification;

/// <summary>Whether a contact's account key was compared.</summary>
public enum VerificationState
{
    /// <summary>Nobody has compared it: the first key seen is trusted, or a change was accepted unseen.</summary>
    Unverified = 0,

    /// <summary>It was compared, and is the same since.</summary>
    Verified = 1,

    /// <summary>A key was compared, and another one has come since.</summary>
    ChangedSinceVerified = 2,
}
