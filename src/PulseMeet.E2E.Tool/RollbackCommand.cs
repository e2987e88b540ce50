using System.CommandLine;
using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PostgreSql.Migration;
using Spectre.Console;

namespace PulseMeet.E2E.Tool;

/// <summary><c>rollback</c>: the legacy shape, every key and every message, from the sealed backups.</summary>
internal static class RollbackCommand
{
    public static Command Create()
    {
        var recovery = new Option<FileInfo>("--recovery-key") { Description = "The file of the recovery private key.", Required = true };
        var reason = new Option<string>("--reason") { Description = "Why; written into the migration's status.", Required = true };
        var loss = new Option<bool>("--accept-loss") { Description = "Go on although sealed originals of messages do not open; those messages stay as they are." };
        var yes = new Option<bool>("--yes") { Description = "Do it. Without, only what would be done is shown." };
        var command = new Command("rollback", "Restores the legacy shape, every key and every message byte for byte, from any phase.")
        {
            recovery, reason, loss, yes,
        };
        command.SetAction((parsed, cancellationToken) => Context.Run(async (context, cancel) =>
        {
            if (string.IsNullOrWhiteSpace(parsed.GetValue(reason)))
            {
                throw new UsageException("--reason needs words.");
            }

            using X25519KeyPair key = RecoveryKeyFile.ReadPrivate(parsed.GetValue(recovery)!.FullName);
            await using NpgsqlDataSource source = context.Open();
            var migration = new SecureKeyExchangeMigration(source, Clock.System);
            MigrationStatus status = await migration.ReadStatusAsync(cancel).ConfigureAwait(false);
            if (!parsed.GetValue(yes))
            {
                await migration.CheckRollbackAsync(key, parsed.GetValue(loss), cancel).ConfigureAwait(false);
                context.Write(StatusCommand.ToJson(status));
                return ExitCode.ConfirmationNeeded;
            }

            await context.Console.Progress().StartAsync(async display =>
            {
                ProgressTask bar = display.AddTask("restoring messages", maxValue: Math.Max(1, status.MessageBackups));
                await migration.RollbackAsync(
                    key, parsed.GetValue(reason)!, new Forward<long>(restored => bar.Value = restored), parsed.GetValue(loss), cancel).ConfigureAwait(false);
                bar.Value = bar.MaxValue;
            }).ConfigureAwait(false);
            context.Write(StatusCommand.ToJson(await migration.ReadStatusAsync(cancel).ConfigureAwait(false)));
            return ExitCode.Done;
        })(parsed, cancellationToken));
        return command;
    }
}
