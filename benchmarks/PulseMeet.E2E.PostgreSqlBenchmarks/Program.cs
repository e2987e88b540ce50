using System.Diagnostics;
using System.Globalization;
using Npgsql;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.PostgreSql.Migration;
using PulseMeet.E2E.PostgreSqlBenchmarks;
using PulseMeet.E2E.Sealing;

// eng/postgres.sh run dotnet run -c Release --project benchmarks/PulseMeet.E2E.PostgreSqlBenchmarks -- MESSAGES KEYS
// Re-sealing next to a bare UPDATE of the same rows, in one run: the same batches, the same length of content, one
// transaction each; and the wrapping of keys. One line of JSON.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
int messages = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10_000;
int pulses = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 500;
string server = Environment.GetEnvironmentVariable("PULSEMEET_E2E_TEST_POSTGRES")
    ?? throw new InvalidOperationException("Run through eng/postgres.sh run.");
string connectionString = LegacyDatabase.Create(server);
await using NpgsqlDataSource owner = NpgsqlDataSource.Create(connectionString);
using var alice = X25519KeyPair.Generate();
using var bob = X25519KeyPair.Generate();
Guid aliceId = LegacyDatabase.Fill(owner, alice, bob, messages, pulses);

var migration = new SecureKeyExchangeMigration(owner, TimeProvider.System);
using var recovery = X25519KeyPair.Generate();
double bareKeys = await BareUpdate.RunAsync(owner, 200, "pulse_chat_keys", "symmetric_key");
await migration.ExpandAsync();
WrapProgress wrapped = await migration.WrapAsync(recovery.PublicKey);

double bare = await BareUpdate.RunAsync(owner, 100);
await LegacyDatabase.VacuumAsync(owner);

await using NpgsqlDataSource user = NpgsqlDataSource.Create(connectionString
    + $";Options=-c role=authenticated -c request.jwt.claim.sub={aliceId:D}");
var migrator = new MessageMigrator(
    user, new UserKeys(aliceId, [alice]), new ListedPeerKeys(user),
    new KeyDerivationService(new KeyDerivationOptions(), TimeProvider.System), new LegacyKeyDerivation(),
    new MessageSealer(new MessageSealingOptions()), new MessageMigrationOptions { Timeout = TimeSpan.FromHours(3) }, TimeProvider.System);
var memory = new MemoryWatch(messages);
MessageMigrationReport report = await migrator.MigrateExistingMessagesAsync(memory);

Console.WriteLine($$"""
    {"messages":{{messages}},"keys":{{pulses}},"wrapped_copies":{{wrapped.Wrapped}},"wrapped_per_second":{{wrapped.Wrapped / wrapped.Elapsed.TotalSeconds:F0}},"bare_key_update_per_second":{{bareKeys:F0}},"load":"{{File.ReadAllText("/proc/loadavg").Split(' ')[0]}}","outcome":"{{report.Outcome}}","resealed":{{report.Counts.Migrated}},"seconds":{{report.Counts.Elapsed.TotalSeconds:F1}},"resealed_per_second":{{report.Counts.Rate:F0}},"bare_update_per_second":{{bare:F0}},"share_of_bare_update":{{report.Counts.Rate / bare:F2}},"working_set_mb_after_a_tenth":{{memory.Early}},"working_set_mb_at_the_end":{{memory.Late}},"peak_mb":{{Process.GetCurrentProcess().PeakWorkingSet64 >> 20}}}
    """);
await owner.DisposeAsync();
await user.DisposeAsync();
LegacyDatabase.Drop(server, connectionString);
return report.Counts.Migrated == messages ? 0 : 1;
