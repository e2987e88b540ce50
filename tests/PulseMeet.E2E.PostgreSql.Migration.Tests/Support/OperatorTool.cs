using System.Diagnostics;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

/// <summary>Runs the operators' tool as a process of its own, with the connection string in its environment.</summary>
internal static class OperatorTool
{
    public static Process Start(TestDatabase database, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "pulsemeet-e2e.dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PULSEMEET_E2E_CONNECTION"] = database.ConnectionString;
        return Process.Start(start)!;
    }

    public static ToolResult Run(TestDatabase database, params string[] arguments)
    {
        using Process process = Start(database, arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new ToolResult(process.ExitCode, output, errors.Result);
    }
}

internal sealed record ToolResult(int ExitCode, string Output, string Errors);
