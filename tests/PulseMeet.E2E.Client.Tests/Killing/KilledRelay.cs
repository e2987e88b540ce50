using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using PulseMeet.E2E.Client.Tests.Power;

namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>A relay whose process is killed and started again over the same file, on the same port.</summary>
/// <param name="machine">What it runs on.</param>
/// <param name="salts">What its processes write down, elsewhere.</param>
internal sealed class KilledRelay(Machine machine, string salts) : IDisposable
{
    private Process? _process;

    public Uri? Address { get; private set; }

    /// <summary>What its processes have written down.</summary>
    public string Salts => salts;

    public Machine Machine => machine;

    private string Database => Path.Combine(machine.Folder, "relay.db");

    public async Task StartAsync()
    {
        string[] arguments =
        [
            typeof(KilledRelay).Assembly.Location, "relay", Database, Salts, (Address?.Port ?? 0).ToString(CultureInfo.InvariantCulture),
        ];
        _process = Process.Start(machine.On(new("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true }))!;
        string line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The relay has not begun.");
        Address = new Uri(line.Split(' ')[1]);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Lets it end by itself, as a server does that is stopped.</summary>
    public async Task CloseAsync()
    {
        _process!.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Envelopes that its processes had said to have taken, and of which its files know nothing. For a time when none runs.</summary>
    public int Forgotten()
    {
        // Looking makes the files whole, which is the relay's own work: a copy of them is looked at.
        DirectoryInfo copy = Directory.CreateTempSubdirectory("pulsemeet-relay");
        try
        {
            foreach (string file in Directory.GetFiles(machine.Folder))
            {
                File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
            }

            return NonceRecorder.Taken(salts).Except(Known(Path.Combine(copy.FullName, Path.GetFileName(Database)))).Count();
        }
        catch (SqliteException)
        {
            // What cannot be read is known no more.
            return NonceRecorder.Taken(salts).Count();
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    public void Dispose()
    {
        _process?.Kill();
        _process?.Dispose();
    }

    private static HashSet<string> Known(string database)
    {
        using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        connection.Open();
        HashSet<string> known = [];
        using (var tables = new SqliteCommand("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'seen'", connection))
        {
            if (tables.ExecuteScalar() is 0L)
            {
                return known;
            }
        }

        using var command = new SqliteCommand("SELECT hex(envelope_id) FROM seen", connection);
        using SqliteDataReader rows = command.ExecuteReader();
        while (rows.Read())
        {
            known.Add(rows.GetString(0));
        }

        return known;
    }
}
