namespace PulseMeet.E2E.Verification;

/// <summary>What comparing a scanned code says.</summary>
public enum VerificationOutcome
{
    /// <summary>The code is for these two users, and an account key is not the one that the other side knows: either somebody stands
    /// between, or one side has not seen a change yet. Not verified.</summary>
    Mismatch = 0,

    /// <summary>Both sides know the same two account keys.</summary>
    Match = 1,

    /// <summary>A version that this library does not compare: one side has to update.</summary>
    OtherVersion = 2,

    /// <summary>One's own code, shown back.</summary>
    OwnCode = 3,

    /// <summary>A code of another user, or for another user.</summary>
    SomeoneElses = 4,
}
