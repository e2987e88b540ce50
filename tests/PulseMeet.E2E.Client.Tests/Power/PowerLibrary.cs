using System.Diagnostics;

namespace PulseMeet.E2E.Client.Tests.Power;

/// <summary>power.c, compiled once a process by the machine's C compiler.</summary>
internal static class PowerLibrary
{
    private static readonly string[] s_compilers = ["cc", "gcc", "clang"];
    private static readonly Lazy<string> s_path = new(Compile);

    /// <summary>The library for LD_PRELOAD.</summary>
    public static string Path => s_path.Value;

    private static string Compile()
    {
        string library = System.IO.Path.Combine(AppContext.BaseDirectory, $"power-{Environment.ProcessId}.so");
        string source = System.IO.Path.Combine(AppContext.BaseDirectory, "Power", "power.c");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(library);
        foreach (string compiler in s_compilers)
        {
            try
            {
                using Process process = Process.Start(compiler, ["-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-o", library, source]);
                process.WaitForExit();
                return process.ExitCode == 0 ? library : throw new InvalidOperationException("power.c does not compile.");
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // There is no such compiler here.
            }
        }

        throw new InvalidOperationException("A C compiler is missing: eng/test.sh installs one.");
    }
}
