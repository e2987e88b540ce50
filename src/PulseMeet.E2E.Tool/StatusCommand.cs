using System.CommandLine;
using System.Text.Json.Nodes;
using Npgsql;
using PulseMeet.E2E.PostgreSql.Migration;

namespace PulseMeet.E2E.Tool;

/// <summary><c>status</c>: how far the migration is.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var command = new Command("status", "Shows how far the migration is. Changes nothing.");
        command.SetAction(Context.Run(async (context, cancellationToken) =>
        {
            await using NpgsqlDataSource source = context.Open();
            var migration = new SecureKeyExchangeMigration(source, Clock.System);
            context.Write(ToJson(await migration.ReadStatusAsync(cancellationToken).ConfigureAwait(false)));
            return ExitCode.Done;
        }));
        return command;
    }

    public static JsonObject ToJson(MigrationStatus status) => new()
    {
        ["status"] = status.Status,
        ["phase"] = status.Phase,
        ["affected_records"] = status.AffectedRecords,
        ["error_message"] = status.ErrorMessage,
        ["plaintext_keys"] = status.PlaintextKeys,
        ["wrapped_copies"] = status.WrappedCopies,
        ["members_without_access"] = status.MembersWithoutAccess,
        ["legacy_messages"] = status.LegacyMessages,
        ["archived_messages"] = status.ArchivedMessages,
        ["message_backups"] = status.MessageBackups,
    };
}
