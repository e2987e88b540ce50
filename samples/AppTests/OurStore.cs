using AppTests.App;
using PulseMeet.E2E.Testing;

namespace AppTests;

/// <summary>The app's own store keeps the contract.</summary>
public sealed class OurStore : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("app-tests");

    public void Dispose() => _folder.Delete(recursive: true);

    #region conformance
    public static TheoryData<string> Rules => [.. StoreConformance.Rules];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Keeps(string rule)
    {
        var conformance = new StoreConformance(place => new SnapshotStore(Path.Combine(_folder.FullName, $"{place}.store")));
        Assert.Null(await conformance.CheckAsync(rule));
    }
    #endregion

    [Fact]
    public async Task Carries_a_conversation_over_a_restart()
    {
        await using var people = new People(new RelayFaults(), seed: 1);
        foreach (string name in (string[])["alice", "bob"])
        {
            await people.Add(name, new SnapshotStore(Path.Combine(_folder.FullName, name))).App.SignUpAsync();
        }

        await people["bob"].App.BefriendAsync("alice");
        await people["alice"].App.SayAsync("bob", "before");
        await people.PassAsync(minutes: 1);
        await people["alice"].App.DisposeAsync();
        people["alice"].Restart();
        await people["alice"].App.SayAsync("bob", "after");
        await people.PassAsync(minutes: 1);
        Assert.Equal(["alice: before", "alice: after"], people["bob"].Notebook.Lines);
    }
}
