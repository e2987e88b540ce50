using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Sqlite.Tests;

/// <summary>This assembly as a process: what <see cref="Processes"/> starts, talks to and kills.</summary>
internal static class Program
{
    /// <summary>A master key for a store that holds nothing.</summary>
    public static MasterKey Key() => MasterKey.Import(new byte[MasterKey.KeySize]);

    /// <param name="arguments">What to do: <c>hold</c> or <c>write</c>; and the database.</param>
    private static async Task<int> Main(string[] arguments)
    {
        using MasterKey key = Key();
        await using var file = new SqliteStore(arguments[1], new SqliteStoreOptions { MaxJournalSize = 200_000 });
        await using SealedStore store = await SealedStore.OpenAsync(file, key, "child", handover: false);
        int n = await Filled.CheckAsync(store);
        await Say($"open {n}");
        if (arguments[0] == "hold")
        {
            var lost = new TaskCompletionSource();
            await using CancellationTokenRegistration registration = store.Lost.Register(lost.SetResult);
            await lost.Task;
            await Say("lost");
            return 0;
        }

        while (true)
        {
            await Filled.CommitAsync(store, ++n);
            await Say($"{n}");
        }
    }

    private static async Task Say(string line)
    {
        await Console.Out.WriteLineAsync(line);
        await Console.Out.FlushAsync();
    }
}
