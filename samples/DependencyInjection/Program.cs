using DependencyInjection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PulseMeet.E2E;
using PulseMeet.E2E.Hosting;

// Two accounts of one person in one app on a generic host, a friend in another, and a relay over HTTP. Every step is checked.
using var time = new CancellationTokenSource(TimeSpan.FromMinutes(2));
CancellationToken stop = time.Token;
DirectoryInfo folder = Directory.CreateTempSubdirectory("pulsemeet-di");
await using RelayServer relay = await RelayServer.StartAsync(stop);
var home = new Account("home", new("alice", "phone"), Path.Combine(folder.FullName, "home.db"));
var work = new Account("work", new("alice.smith", "phone"), Path.Combine(folder.FullName, "work.db"));
var friend = new Account("friend", new("bob", "phone"), Path.Combine(folder.FullName, "friend.db"));

// What cannot be is refused before anything runs.
Check.That("a setting that is no number ends the start, and is named", Refuses<ConfigurationException>(
    () => ChatHost.Create([home], relay, new() { [ConfigurationNames.KeyRotationIntervalDays] = "never" }))?.Message
    .Contains(ConfigurationNames.KeyRotationIntervalDays, StringComparison.Ordinal) == true);
Check.That("so does an option outside its range", Refuses<ArgumentException>(
    () => ChatHost.Create([home], relay, configure: options => options.Client.GapDelay = TimeSpan.FromDays(1))) is not null);
Check.That("and nothing was made by it", folder.GetFiles().Length == 0);

// Accounts by name, which know nothing of each other.
IHost bobs = ChatHost.Create([friend], relay);
await bobs.StartAsync(stop);
E2EClient bob = bobs.Services.GetRequiredKeyedService<E2EClient>("friend");
IHost app = ChatHost.Create([home, work], relay);
await app.StartAsync(stop);
await bob.SendAsync("alice", MessageContent.Text("Dinner?"), stop);
await bob.SendAsync("alice.smith", MessageContent.Text("The report?"), stop);
Check.That("the account at home reads what was written to it", await home.Database.NextAsync(stop) == "bob: Dinner?");
Check.That("and the one at work the other", await work.Database.NextAsync(stop) == "bob: The report?");
E2EClient atHome = app.Services.GetRequiredKeyedService<E2EClient>("home");
E2EClient atWork = app.Services.GetRequiredKeyedService<E2EClient>("work");
await atHome.SendAsync("bob", MessageContent.Text("At eight."), stop);
Check.That("each writes under its own name", await friend.Database.NextAsync(stop) == "alice: At eight.");
await atWork.SendAsync("bob", MessageContent.Text("Tomorrow."), stop);
Check.That("the other as well", await friend.Database.NextAsync(stop) == "alice.smith: Tomorrow.");
Check.That("a name gives one client, whoever asks", ReferenceEquals(atHome, app.Services.GetRequiredKeyedService<E2EClient>("home")));

// A second process on the same file is kept out, and the first one goes on.
IHost second = ChatHost.Create([home], relay);
E2EError? reason = null;
try
{
    await second.StartAsync(stop);
}
catch (E2EException exception)
{
    reason = exception.Reason;
}

await EndAsync(second);
Check.That("a second host on the file of an account does not start", reason == E2EError.StoreInUse);
await bob.SendAsync("alice", MessageContent.Text("Good."), stop);
Check.That("and the first one reads on", await home.Database.NextAsync(stop) == "bob: Good.");

// A clean stop: the loops have ended, the keys are gone, the files are free.
await app.StopAsync(stop);
Check.That("the reading loops have ended", app.Services.GetServices<IHostedService>().OfType<EventReader>()
    .All(reader => reader.ExecuteTask is { IsCompleted: true, IsFaulted: false }));
await EndAsync(app);
bool isOver = false;
try
{
    await atHome.SendAsync("bob", MessageContent.Text("Too late."), stop);
}
catch (ObjectDisposedException)
{
    isOver = true;
}

Check.That("the client ends with its host", isOver);
await bob.SendAsync("alice", MessageContent.Text("Are you there?"), stop);
app = ChatHost.Create([home, work], relay);
await app.StartAsync(stop);
Check.That("a new host takes the files, and reads what came meanwhile", await home.Database.NextAsync(stop) == "bob: Are you there?");
await app.Services.GetRequiredKeyedService<E2EClient>("home").SendAsync("bob", MessageContent.Text("Again."), stop);
Check.That("in the conversation of before", await friend.Database.NextAsync(stop) == "alice: Again.");
await app.StopAsync(stop);
await EndAsync(app);
await bobs.StopAsync(stop);
await EndAsync(bobs);
Check.That("and no message came twice", !home.Database.HasMore && !work.Database.HasMore && !friend.Database.HasMore);
folder.Delete(recursive: true);

static T? Refuses<T>(Action act)
    where T : Exception
{
    try
    {
        act();
        return null;
    }
    catch (T exception)
    {
        return exception;
    }
}

// Clients end asynchronously: what RunAsync does at its end.
static ValueTask EndAsync(IHost host) => ((IAsyncDisposable)host).DisposeAsync();
