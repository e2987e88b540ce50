using System.CommandLine;
using System.Text.Json.Nodes;
using Npgsql;
using PulseMeet.E2E.PostgreSql.Migration;
using Spectre.Console;

namespace PulseMeet.E2E.Tool;

/// <summary><c>check-plaintext</c>: no key lies in the clear anywhere in the database.</summary>
internal static class CheckPlaintextCommand
{
    public static Command Create()
    {
        var command = new Command(
            "check-plaintext", "Looks for key-shaped values in every text, bytea and JSON column; ends with 3 if there is one.");
        command.SetAction(Context.Run(async (context, cancellationToken) =>
        {
            await using NpgsqlDataSource source = context.Open();
            IReadOnlyList<PlaintextFinding> findings = await context.Console.Status().StartAsync("reading", status =>
                PlaintextCheck.RunAsync(
                    source, new Forward<string>(column => status.Status(Markup.Escape(column))), cancellationToken)).ConfigureAwait(false);
            context.Write(new JsonObject
            {
                ["findings"] = new JsonArray([.. findings.Select(finding => new JsonObject
                {
                    ["table"] = finding.Table,
                    ["column"] = finding.Column,
                    ["rows"] = finding.Rows,
                })]),
            });
            return findings.Count == 0 ? ExitCode.Done : ExitCode.PlaintextFound;
        }));
        return command;
    }
}
