namespace PulseMeet.E2E.Review;

/// <summary>One command for reviewers.</summary>
internal interface ISubcommand
{
    string Name { get; }

    /// <summary>One line: the arguments and what the command shows.</summary>
    string Usage { get; }

    /// <returns>An <see cref="ExitCode"/>.</returns>
    int Run(string[] args);
}

internal static class ExitCode
{
    public const int Passed = 0;
    public const int Failed = 1;
    public const int Usage = 2;
}
