// What a user's app runs once it has the new library: re-seals the user's own messages, and goes on where it was when it is
// stopped. The connection string is in PULSEMEET_E2E_CONNECTION and logs in as the user; the user's X25519 private key comes in
// base64 on standard input, never on the command line.
using Npgsql;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.PostgreSql.Migration;
using PulseMeet.E2E.Sealing;

string? connection = Environment.GetEnvironmentVariable("PULSEMEET_E2E_CONNECTION");
if (connection is null || args.Length != 1 || !Guid.TryParse(args[0], out Guid userId))
{
    Console.Error.WriteLine("PULSEMEET_E2E_CONNECTION=… MigrateMessages USER-ID < private-key");
    return 2;
}

using X25519KeyPair keys = X25519KeyPair.Import(Convert.FromBase64String(Console.In.ReadLine() ?? string.Empty));
await using NpgsqlDataSource source = NpgsqlDataSource.Create(connection);
var options = new KeyDerivationOptions();
var migrator = new MessageMigrator(
    source,
    new UserKeys(userId, [keys]),
    new ListedPeerKeys(source),
    new KeyDerivationService(options, TimeProvider.System),
    new LegacyKeyDerivation(options.Salt),
    new MessageSealer(new MessageSealingOptions()),
    new MessageMigrationOptions { BatchSize = 10, MaxFailureRate = 1 },
    TimeProvider.System);
MessageMigrationReport report = await migrator.MigrateExistingMessagesAsync();
Console.WriteLine(report.Outcome);
return report.Outcome == MessageMigrationOutcome.Completed ? 0 : 1;
