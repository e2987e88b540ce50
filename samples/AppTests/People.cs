using AppTests.App;
using PulseMeet.E2E;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace AppTests;

/// <summary>People with the app, around one relay and one clock.</summary>
internal sealed class People : IAsyncDisposable
{
    private readonly Dictionary<string, Person> _people = new(StringComparer.Ordinal);

    #region world
    public ManualClock Clock { get; } = new();

    public UnreliableRelayServer Relay { get; }

    public People(RelayFaults faults, ulong seed) =>
        Relay = new UnreliableRelayServer(new InMemoryRelay(Clock), faults, seed) { IsHonest = true };
    #endregion

    public Person this[string name] => _people[name];

    public IReadOnlyCollection<Person> All => _people.Values;

    /// <summary>Somebody installs the app.</summary>
    public Person Add(string name, IE2EStore store)
    {
        var person = new Person(name, store, this);
        _people.Add(name, person);
        return person;
    }

    /// <summary>So many who know each other.</summary>
    public async Task BeginAsync(int count)
    {
        foreach (string name in ((string[])["alice", "bob", "carol", "dave", "erin"])[..count])
        {
            await Add(name, new InMemoryStore()).App.SignUpAsync();
        }

        foreach (Person person in All)
        {
            foreach (Person other in All.Where(other => other != person))
            {
                await person.App.BefriendAsync(other.Name);
            }
        }
    }

    /// <summary>Everybody's app is woken every minute, for some minutes.</summary>
    public async Task PassAsync(int minutes)
    {
        for (int i = 0; i < minutes; i++)
        {
            Clock.Advance(TimeSpan.FromMinutes(1));
            foreach (Person person in All)
            {
                await person.App.WakeAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Person person in All)
        {
            await person.DisposeAsync();
        }
    }

    /// <summary>One of them: the app, and what outlives its process.</summary>
    internal sealed class Person : IAsyncDisposable
    {
        private readonly MasterKey _masterKey = MasterKey.Generate(); // In the operating system's key store.
        private readonly People _people;
        private readonly IE2EStore _store;

        public Person(string name, IE2EStore store, People people)
        {
            (Name, _store, _people) = (name, store, people);
            App = Open();
        }

        public string Name { get; }

        public Notebook Notebook { get; } = new();

        public ChatApp App { get; private set; }

        /// <summary>The process has died: nothing of it is disposed, and another begins.</summary>
        public void Restart() => App = Open();

        public async ValueTask DisposeAsync()
        {
            await App.DisposeAsync();
            _masterKey.Dispose();
        }

        #region open
        private ChatApp Open() => new(
            _store, _people.Relay.Connect(new(Name, "phone")), MasterKeys.Of(_masterKey), _people.Clock, Notebook);
        #endregion
    }
}
