using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using PulseMeet.E2E.PostgreSql.Migration;
using Spectre.Console;

namespace PulseMeet.E2E.Tool;

/// <summary>What every command shares: the database, the form of the output, and how failures end.</summary>
internal sealed class Context
{
    public const string Variable = "PULSEMEET_E2E_CONNECTION";

    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    public static readonly Option<string?> Connection = new("--connection")
    {
        Description = $"The database's connection string. Better in the environment variable {Variable}, where a password is not seen.",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json") { Description = "One JSON object on standard output.", Recursive = true };

    private readonly ParseResult _parsed;

    public Context(ParseResult parsed) => _parsed = parsed;

    public bool IsJson => _parsed.GetValue(Json);

    /// <summary>Progress goes to standard error, so that standard output stays one answer.</summary>
    public IAnsiConsole Console { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Error) });

    public NpgsqlDataSource Open()
    {
        string? text = _parsed.GetValue(Connection) ?? Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new UsageException($"No database: give --connection or set {Variable}.");
        }

        try
        {
            return NpgsqlDataSource.Create(text);
        }
        catch (ArgumentException)
        {
            throw new UsageException("The connection string is malformed.");
        }
    }

    public void Write(JsonObject answer)
    {
        if (IsJson)
        {
            System.Console.Out.WriteLine(answer.ToJsonString(s_json));
            return;
        }

        foreach ((string name, JsonNode? value) in answer)
        {
            if (value is JsonArray list)
            {
                System.Console.Out.WriteLine($"{name}:");
                foreach (JsonNode? item in list)
                {
                    System.Console.Out.WriteLine("  " + (item is JsonObject fields
                        ? string.Join("  ", fields.Select(field => $"{field.Key}={field.Value}"))
                        : item?.ToString()));
                }
            }
            else
            {
                System.Console.Out.WriteLine($"{name}: {value?.ToString() ?? "-"}");
            }
        }
    }

    /// <summary>Runs a command and turns failures into exit codes. Messages of the database server are shown by their code and
    /// text only: their detail can hold a row.</summary>
    public static Func<ParseResult, CancellationToken, Task<int>> Run(Func<Context, CancellationToken, Task<ExitCode>> command) =>
        async (parsed, cancellationToken) =>
        {
            var context = new Context(parsed);
            int Fail(ExitCode code, string message) => context.Fail(code, message);
            try
            {
                return (int)await command(context, cancellationToken).ConfigureAwait(false);
            }
            catch (UsageException exception)
            {
                return Fail(ExitCode.Usage, exception.Message);
            }
            catch (MigrationException exception)
            {
                return Fail(ExitCode.Refused, exception.Message + context.Done());
            }
            catch (PostgresException exception)
            {
                return Fail(ExitCode.DatabaseError, $"{exception.SqlState}: {exception.MessageText}{context.Done()}");
            }
            catch (NpgsqlException)
            {
                return Fail(ExitCode.DatabaseError, "The database cannot be reached, or the connection was lost." + context.Done());
            }
            catch (E2EException exception)
            {
                return Fail(ExitCode.BadKeyFile, exception.Message);
            }
            catch (IOException exception)
            {
                return Fail(ExitCode.BadKeyFile, exception.Message);
            }
            catch (UnauthorizedAccessException exception)
            {
                return Fail(ExitCode.BadKeyFile, exception.Message);
            }
        };

    /// <summary>What has been done before a failure, for its last line.</summary>
    public List<string> PhasesDone { get; } = [];

    private string Done() => PhasesDone.Count == 0 ? string.Empty : $" Done before that, and kept: {string.Join(", ", PhasesDone)}.";

    private int Fail(ExitCode code, string message)
    {
        System.Console.Error.WriteLine(message);
        if (IsJson)
        {
            System.Console.Out.WriteLine(new JsonObject
            {
                ["error"] = message,
                ["exit_code"] = (int)code,
                ["phases_done"] = new JsonArray([.. PhasesDone.Select(phase => JsonValue.Create(phase))]),
            }.ToJsonString(s_json));
        }

        return (int)code;
    }
}

/// <summary>The command line asks for something that cannot be done.</summary>
internal sealed class UsageException(string message) : Exception(message);
