using System.Text;
using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using QuickStart;

string path = args.Length > 0 ? args[0] : Path.Combine(AppContext.BaseDirectory, "conversation.txt");
IReadOnlyList<Line> lines;
try
{
    lines = Conversation.Read(path);
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or DecoderFallbackException)
{
    Console.Error.WriteLine($"Cannot read {path} as UTF-8 text: {exception.Message}");
    return 2;
}

if (lines.Count == 0)
{
    Console.Error.WriteLine($"{path} has no line to say.");
    return 2;
}

Console.OutputEncoding = Encoding.UTF8;
await using ServiceProvider services = new ServiceCollection().AddPulseMeetE2E().BuildServiceProvider();
var devices = services.GetRequiredService<IDeviceFactory>();
var sessions = services.GetRequiredService<IRatchetSessionFactory>();
var directory = new InMemoryKeyDirectory(TimeProvider.System);
var report = new Report(Console.Out);

var alice = new Device("Alice", devices, sessions, directory);
var bob = new Device("Bob", devices, sessions, directory);
await ClientStory.RunAsync(lines, report);
var story = new Story(alice, bob, services, report);
await story.RunAsync(lines);

Console.WriteLine(report.Failures == 0 ? "Everything as it should be." : $"{report.Failures} things are not as they should be.");
return report.Failures == 0 ? 0 : 1;
