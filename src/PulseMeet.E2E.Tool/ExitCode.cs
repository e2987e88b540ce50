namespace PulseMeet.E2E.Tool;

/// <summary>What a command ends with; listed in <c>--help</c>.</summary>
internal enum ExitCode
{
    Done = 0,
    Usage = 1,
    Refused = 2,
    PlaintextFound = 3,
    ConfirmationNeeded = 4,
    DatabaseError = 5,
    BadKeyFile = 6,
}
