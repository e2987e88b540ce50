using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Sqlite.Tests;

/// <summary>The contract, as an app's own store would be checked.</summary>
public sealed class Conformance : IDisposable
{
    private readonly Folder _folder = new();

    public static TheoryData<string> Rules => [.. StoreConformance.Rules];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task A_store_in_a_file_keeps_the_contract(string rule)
    {
        foreach (SqliteDurability durability in Enum.GetValues<SqliteDurability>())
        {
            var options = new SqliteStoreOptions { Durability = durability };
            var suite = new StoreConformance(place => new SqliteStore(Path.Combine(_folder.Path, $"{durability}{place}.db"), options));
            Assert.Null(await suite.CheckAsync(rule));
        }
    }

    public void Dispose() => _folder.Dispose();
}
