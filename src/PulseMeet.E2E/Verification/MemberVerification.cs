namespace PulseMeet.E2E.Verification;

/// <summary>How far the members of a pulse chat are verified.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
public sealed class MemberVerification
{
    /// <param name="members">A record for each other member.</param>
    public MemberVerification(IEnumerable<ContactVerification> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        ContactVerification[] all = [.. members];
        Total = all.Length;
        Verified = all.Count(member => member.State == VerificationState.Verified);
        NotVerified = [.. all.Where(member => member.State != VerificationState.Verified).Select(member => member.Account.UserId)];
        Changed = [.. all.Where(member => member.State == VerificationState.ChangedSinceVerified).Select(member => member.Account.UserId)];
    }

    /// <summary>How many members there are, oneself left out.</summary>
    public int Total { get; }

    /// <summary>How many of them are verified.</summary>
    public int Verified { get; }

    /// <summary>The user ids of those who are not, in the order given.</summary>
    public IReadOnlyList<string> NotVerified { get; }

    /// <summary>Those of them who were, before their key changed.</summary>
    public IReadOnlyList<string> Changed { get; }
}
