namespace PulseMeet.E2E.Identity;

/// <summary>How long requests for a certificate or for the account key are good.</summary>
internal static class LinkLifetime
{
    /// <summary>Long enough for picking up the other device, and short enough that a photograph of the screen is soon worth
    /// nothing.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    /// <exception cref="E2EException">Too old, or from further ahead than clocks are apart (<see cref="E2EError.LinkRefused"/>).
    /// </exception>
    public static void Check(DateTimeOffset createdAt, DateTimeOffset now)
    {
        if (now - createdAt > Period || createdAt - now > IdentityLimits.ClockTolerance)
        {
            throw new E2EException(E2EError.LinkRefused, "The request is too old, or from the future.");
        }
    }
}
