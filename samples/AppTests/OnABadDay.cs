using PulseMeet.E2E.Testing;

namespace AppTests;

/// <summary>Whatever the network and the relay do, the app shows each message once.</summary>
public sealed class OnABadDay
{
    private const int Messages = 5;

    public static TheoryData<int, ulong> Days => new()
    {
        { 2, 1 }, { 2, 2 }, { 3, 3 }, { 3, 4 }, { 4, 5 }, { 5, 6 },
    };

    #region bad-day
    [Theory]
    [MemberData(nameof(Days))]
    public async Task Over_a_bad_network_everybody_reads_everything_once(int count, ulong seed)
    {
        RelayFaults network = RelayFaults.Each(0.15) with { Forgotten = 0, Lies = 0 };
        await using People people = await PassADayAsync(count, network, seed);
        foreach (People.Person person in people.All)
        {
            Assert.Equal(SaidTo(person, people), person.Notebook.Lines.Order(StringComparer.Ordinal));
        }
    }
    #endregion

    /// <summary>What a relay forgets and denies may be missing; the app goes on, and shows nothing that was not said.</summary>
    [Theory]
    [MemberData(nameof(Days))]
    public async Task Around_a_relay_that_lies_nobody_reads_anything_twice_or_anything_else(int count, ulong seed)
    {
        await using People people = await PassADayAsync(count, RelayFaults.Some, seed);
        foreach (People.Person person in people.All)
        {
            Assert.Equal(person.Notebook.Lines.Distinct().Count(), person.Notebook.Lines.Count);
            Assert.Empty(person.Notebook.Lines.Except(SaidTo(person, people)));
        }
    }

    /// <summary>Everybody says something to everybody a few times while the relay is bad, and once more when it is honest again.</summary>
    private static async Task<People> PassADayAsync(int count, RelayFaults faults, ulong seed)
    {
        var people = new People(faults, seed);
        await people.BeginAsync(count);
        await EverybodySaysAsync(people, "hello");
        await people.PassAsync(minutes: 2);

        people.Relay.IsHonest = false;
        for (int i = 0; i < Messages; i++)
        {
            await EverybodySaysAsync(people, $"{i}");
            await people.PassAsync(minutes: 2);
        }

        people.Relay.IsHonest = true;
        await people.PassAsync(minutes: 5);
        await EverybodySaysAsync(people, "bye");
        await people.PassAsync(minutes: 5);
        Assert.True(people.Relay.Faults > 0);
        return people;
    }

    private static async Task EverybodySaysAsync(People people, string text)
    {
        foreach (People.Person from in people.All)
        {
            foreach (People.Person to in people.All.Where(to => to != from))
            {
                await from.App.SayAsync(to.Name, text);
            }
        }
    }

    private static IEnumerable<string> SaidTo(People.Person reader, People people) => people.All
        .Where(person => person != reader)
        .SelectMany(person => Enumerable.Range(0, Messages).Select(i => $"{i}").Concat(["hello", "bye"]).Select(text => $"{person.Name}: {text}"))
        .Order(StringComparer.Ordinal);
}
