using System.CommandLine;
using System.Text.Json.Nodes;
using Npgsql;
using PulseMeet.E2E.PostgreSql.Migration;
using Spectre.Console;

namespace PulseMeet.E2E.Tool;

/// <summary><c>migrate</c>: expand, wrap, verify, contract, as far as asked.</summary>
internal static class MigrateCommand
{
    private static readonly string[] s_phases = ["expand", "wrap", "verify", "contract"];

    public static Command Create()
    {
        var to = new Option<string>("--to") { Description = "The last phase to run.", DefaultValueFactory = _ => "verify" };
        to.AcceptOnlyFromAmong(s_phases);
        var recovery = new Option<FileInfo?>("--recovery-public-key") { Description = "The file «….pub» of `recovery-key new`. Needed from wrap on." };
        var loss = new Option<bool>("--accept-loss") { Description = "Contract although listed members lose access to keys." };
        var drop = new Option<bool>("--drop-backups") { Description = "After contract: drop the sealed backups. Nothing can be rolled back any more." };
        var yes = new Option<bool>("--yes") { Description = "Do it. Without, only what would be done is shown." };
        var command = new Command("migrate", "Runs the phases in order, each only once. Safe to run again and from several machines.")
        {
            to, recovery, loss, drop, yes,
        };
        command.SetAction((parsed, cancellationToken) => Context.Run(async (context, cancel) =>
        {
            await using NpgsqlDataSource source = context.Open();
            var migration = new SecureKeyExchangeMigration(source, Clock.System);
            MigrationStatus before = await migration.ReadStatusAsync(cancel).ConfigureAwait(false);
            string last = parsed.GetValue(to)!;
            string[] phases = [.. s_phases.TakeWhile(phase => phase != last), last];
            if (phases.Contains("wrap") && before.Phase != "contracted" && parsed.GetValue(recovery) is null)
            {
                throw new UsageException("Wrapping needs --recovery-public-key.");
            }

            if (!parsed.GetValue(yes))
            {
                JsonObject plan = StatusCommand.ToJson(before);
                MigrationForecast forecast = await migration.ForecastAsync(cancel).ConfigureAwait(false);
                string[] run = [.. phases.Where(phase => phase == "expand" || before.Phase != "contracted")];
                string? refusal = Refusal(forecast, run.Contains("contract"), parsed.GetValue(drop), last, parsed.GetValue(loss), before);
                plan["would_run"] = new JsonArray([.. run.Select(phase => JsonValue.Create(phase))]);
                plan["would_drop_backups"] = parsed.GetValue(drop);
                plan["would_be_refused"] = refusal;
                plan["would_lose_access"] = ReportCommand.ToJson(forecast.Unserved);
                context.Write(plan);
                return refusal is null ? ExitCode.ConfirmationNeeded : ExitCode.Refused;
            }

            foreach (string phase in phases)
            {
                if (phase != "expand" && before.Phase == "contracted")
                {
                    break;
                }

                await RunAsync(context, migration, phase, parsed.GetValue(recovery), parsed.GetValue(loss), cancel).ConfigureAwait(false);
                context.PhasesDone.Add(phase);
            }

            if (parsed.GetValue(drop))
            {
                await migration.DropBackupsAsync(parsed.GetValue(loss), cancel).ConfigureAwait(false);
            }

            context.Write(StatusCommand.ToJson(await migration.ReadStatusAsync(cancel).ConfigureAwait(false)));
            return ExitCode.Done;
        })(parsed, cancellationToken));
        return command;
    }

    private static string? Refusal(
        MigrationForecast forecast, bool contracts, bool drops, string last, bool acceptLoss, MigrationStatus before) =>
        contracts && forecast.Losses > 0 && !acceptLoss
            ? $"contract: {forecast.Losses} member(s) or key(s) would lose access, listed here; --accept-loss names that choice"
        : drops && !contracts && before.Phase != "contracted" ? $"--drop-backups: --to {last} does not contract"
        : drops && before.LegacyMessages > 0 && !acceptLoss
            ? $"--drop-backups: {before.LegacyMessages} message(s) are not re-sealed; --accept-loss names that choice"
        : null;

    private static Task RunAsync(
        Context context, SecureKeyExchangeMigration migration, string phase, FileInfo? recovery, bool acceptLoss,
        CancellationToken cancellationToken) => phase switch
    {
        "expand" => migration.ExpandAsync(cancellationToken),
        "verify" => migration.VerifyAsync(cancellationToken),
        "contract" => migration.ContractAsync(acceptLoss, cancellationToken),
        _ => context.Console.Progress().StartAsync(async display =>
        {
            ProgressTask bar = display.AddTask("wrapping keys", maxValue: 1);
            await migration.WrapAsync(RecoveryKeyFile.ReadPublic(recovery!.FullName), new Forward<WrapProgress>(progress =>
            {
                bar.MaxValue = Math.Max(1, progress.TotalKeys);
                bar.Value = progress.Keys;
                bar.Description = $"wrapping keys ({progress.Rate:N0} copies/s)";
            }), cancellationToken).ConfigureAwait(false);
            bar.Value = bar.MaxValue;
        }),
    };
}

/// <summary>Progress that is told at once, on the thread that makes it.</summary>
internal sealed class Forward<T>(Action<T> action) : IProgress<T>
{
    public void Report(T value) => action(value);
}
