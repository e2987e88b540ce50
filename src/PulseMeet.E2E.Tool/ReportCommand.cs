using System.CommandLine;
using System.Text.Json.Nodes;
using Npgsql;
using PulseMeet.E2E.PostgreSql.Migration;

namespace PulseMeet.E2E.Tool;

/// <summary><c>report</c>: the status and everybody whom wrapping could not serve.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var limit = new Option<int>("--limit") { Description = "List at most so many members.", DefaultValueFactory = _ => 1000 };
        var command = new Command("report", "Shows the status and lists the members and keys that could not be served, with the reason.") { limit };
        command.SetAction((parsed, cancellationToken) => Context.Run(async (context, cancel) =>
        {
            int most = parsed.GetValue(limit);
            if (most <= 0)
            {
                throw new UsageException("--limit is 1 or more.");
            }

            await using NpgsqlDataSource source = context.Open();
            var migration = new SecureKeyExchangeMigration(source, Clock.System);
            JsonObject report = StatusCommand.ToJson(await migration.ReadStatusAsync(cancel).ConfigureAwait(false));
            report["unserved"] = ToJson(await migration.ReadUnservedAsync(most, cancel).ConfigureAwait(false));
            context.Write(report);
            return ExitCode.Done;
        })(parsed, cancellationToken));
        return command;
    }

    public static JsonArray ToJson(IEnumerable<UnservedMember> unserved) => new([.. unserved.Select(member => new JsonObject
    {
        ["source_table"] = member.SourceTable,
        ["source_id"] = member.SourceId,
        ["conversation_id"] = member.ConversationId,
        ["user_id"] = member.UserId,
        ["reason"] = member.Reason,
    })]);
}
