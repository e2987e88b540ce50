using System.CommandLine;
using PulseMeet.E2E.Tool;

var root = new RootCommand(
    """
    pulsemeet-e2e: migrates a PulseMeet database away from stored keys.

    What changes data is a dry run unless --yes is given. Secrets are read from files and never printed.
    Exit codes: 0 done; 1 usage; 2 refused (what was done before is named); 3 check-plaintext found key-shaped values;
    4 a dry run: --yes would go on; 5 database error; 6 key file missing, malformed or readable by others.
    """)
{
    Context.Connection,
    Context.Json,
    StatusCommand.Create(),
    MigrateCommand.Create(),
    VerifyCommand.Create(),
    RollbackCommand.Create(),
    RecoveryKeyCommand.Create(),
    CheckPlaintextCommand.Create(),
    ReportCommand.Create(),
};
return await root.Parse(args).InvokeAsync().ConfigureAwait(false);
