using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Stress;
using QuickStart;

// The sample's story, and then every operation that reads a key, with keys that nobody keeps.
await using ServiceProvider services = new ServiceCollection().AddPulseMeetE2E().BuildServiceProvider();
var devices = services.GetRequiredService<IDeviceFactory>();
var sessions = services.GetRequiredService<IRatchetSessionFactory>();
var directory = new InMemoryKeyDirectory(TimeProvider.System);
var report = new Report(Console.Out);
IReadOnlyList<Line> lines = Conversation.Read(Path.Combine(AppContext.BaseDirectory, "conversation.txt"));
await ClientStory.RunAsync(lines, report);
var story = new Story(new Device("Alice", devices, sessions, directory), new Device("Bob", devices, sessions, directory), services, report);
await story.RunAsync(lines);

int failures = report.Failures;
foreach ((string name, Func<bool> operation) in KeyStress.Operations)
{
    (int wrong, int runs) = KeyStress.Run(operation, TimeSpan.FromMilliseconds(150));
    Console.WriteLine($"{name}: {runs} with keys that nobody keeps, {wrong} wrong");
    failures += wrong == 0 && runs > 0 ? 0 : 1;
}

Console.WriteLine(failures == 0 ? "Everything as it should be." : $"{failures} things are not as they should be.");
return failures == 0 ? 0 : 1;
