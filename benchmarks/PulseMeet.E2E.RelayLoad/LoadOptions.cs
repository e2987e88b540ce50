using System.Globalization;

namespace PulseMeet.E2E.RelayLoad;

/// <summary>What a run is: --name value.</summary>
internal sealed record LoadOptions
{
    /// <summary>What the relays are started with: <c>--sqlite FILE</c> or <c>--postgres CONNECTION</c>.</summary>
    public string Sqlite { get; init; } = "";

    public string Postgres { get; init; } = "";

    /// <summary>The folder of the throwaway cluster, which is crashed; empty where nothing is.</summary>
    public string Cluster { get; init; } = "";

    public string Folder { get; init; } = "";

    public int Relays { get; init; } = 2;

    /// <summary>The first relay's port; the others follow.</summary>
    public int Port { get; init; } = 5310;

    public int Clients { get; init; } = 1000;

    /// <summary>How many processes the clients are spread over.</summary>
    public int Processes { get; init; } = 2;

    public int Seconds { get; init; } = 120;

    /// <summary>What a client waits between two messages, in milliseconds, on average.</summary>
    public int Pause { get; init; } = 4000;

    public int Size { get; init; } = 600;

    public int First { get; init; }

    public int Count { get; init; }

    public static LoadOptions Parse(IEnumerable<string> arguments)
    {
        Dictionary<string, string> values = arguments.Chunk(2).ToDictionary(pair => pair[0].TrimStart('-'), pair => pair[1]);
        int Number(string name, int otherwise) =>
            values.TryGetValue(name, out string? value) ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
        var none = new LoadOptions();
        return none with
        {
            Sqlite = values.GetValueOrDefault("sqlite", ""),
            Postgres = values.GetValueOrDefault("postgres", ""),
            Cluster = values.GetValueOrDefault("cluster", ""),
            Folder = values.GetValueOrDefault("folder", ""),
            Relays = Number("relays", none.Relays),
            Port = Number("port", none.Port),
            Clients = Number("clients", none.Clients),
            Processes = Number("processes", none.Processes),
            Seconds = Number("seconds", none.Seconds),
            Pause = Number("pause", none.Pause),
            Size = Number("size", none.Size),
            First = Number("first", 0),
            Count = Number("count", 0),
        };
    }

    /// <summary>The relay that a client talks to.</summary>
    public Uri AddressFor(int client) => new($"http://127.0.0.1:{Port + (client % Relays)}/");
}
