using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace AppTests;

/// <summary>Wherever the app dies, what it said and was told is there once.</summary>
public sealed class AfterACrash
{
    #region crash
    [Fact]
    public async Task Whichever_write_it_dies_at_what_was_said_arrives_once_and_what_was_told_is_there_once()
    {
        People people = null!;
        bool wasSaid = false;
        int tried = await CrashingStore.AtEveryWriteAsync(
            () => new InMemoryStore(),
            story: async store =>
            {
                wasSaid = false;
                people = new People(new RelayFaults(), seed: 1);
                await people.Add("bob", new InMemoryStore()).App.SignUpAsync();
                await people.Add("alice", store).App.SignUpAsync();
                await people["bob"].App.BefriendAsync("alice");
                await people["alice"].App.BefriendAsync("bob");
                await people["alice"].App.SayAsync("bob", "Coffee?");
                wasSaid = true;
                await people["bob"].App.SayAsync("alice", "At ten.");
                await people.PassAsync(minutes: 1);
            },
            check: async store =>
            {
                await using People after = people;
                after["alice"].Restart(); // over the same store
                await after["alice"].App.SignUpAsync();
                await after["alice"].App.BefriendAsync("bob");
                await after["bob"].App.BefriendAsync("alice");
                await after["alice"].App.SayAsync("bob", "bye");
                await after["bob"].App.SayAsync("alice", "bye");
                await after.PassAsync(minutes: 5);

                int arrived = after["bob"].Notebook.Lines.Count(line => line == "alice: Coffee?");
                Assert.True(wasSaid ? arrived == 1 : arrived <= 1, $"Alice's message came {arrived} times.");
                Assert.True(after["alice"].Notebook.Lines.Count(line => line == "bob: At ten.") == (wasSaid ? 1 : 0));
            });
        Assert.InRange(tried, 20, 200);
    }
    #endregion
}
