using System.CommandLine;
using Npgsql;
using PulseMeet.E2E.PostgreSql.Migration;

namespace PulseMeet.E2E.Tool;

/// <summary><c>verify</c>: every key has every wrapped copy.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var command = new Command("verify", "Checks that every key has a sealed backup and every member a wrapped copy or a listed reason.");
        command.SetAction(Context.Run(async (context, cancellationToken) =>
        {
            await using NpgsqlDataSource source = context.Open();
            var migration = new SecureKeyExchangeMigration(source, Clock.System);
            await migration.VerifyAsync(cancellationToken).ConfigureAwait(false);
            context.Write(StatusCommand.ToJson(await migration.ReadStatusAsync(cancellationToken).ConfigureAwait(false)));
            return ExitCode.Done;
        }));
        return command;
    }
}
