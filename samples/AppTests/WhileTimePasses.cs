using PulseMeet.E2E.Testing;

namespace AppTests;

/// <summary>What the app shows by the clock.</summary>
public sealed class WhileTimePasses
{
    #region clock
    [Fact]
    public async Task A_message_that_is_lost_shows_as_a_gap_after_a_minute_and_comes_then()
    {
        await using var people = new People(new RelayFaults { Forgotten = 1 }, seed: 1);
        await people.BeginAsync(2);
        await people["alice"].App.SayAsync("bob", "first");
        await people.PassAsync(minutes: 1);

        people.Relay.IsHonest = false; // it says that it took the message, and forgets it
        await people["alice"].App.SayAsync("bob", "second");
        await people["alice"].App.WakeAsync();
        people.Relay.IsHonest = true;
        await people["alice"].App.SayAsync("bob", "third");
        await people["alice"].App.WakeAsync();
        await people["bob"].App.WakeAsync();
        Assert.False(people["bob"].Notebook.HasGap);

        await people.PassAsync(minutes: 1);
        Assert.True(people["bob"].Notebook.HasGap);
        await people.PassAsync(minutes: 2);
        Assert.Equal(["alice: first", "alice: third", "alice: second"], people["bob"].Notebook.Lines);
    }
    #endregion
}
