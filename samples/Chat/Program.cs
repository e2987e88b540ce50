using Chat;
using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E;

// A chat in a terminal: one device of one user. The relay is samples/Relay; the records lie in a SQLite file. Any of the processes may
// be killed at any time.
//   dotnet run --project samples/Chat -- alice phone FOLDER http://localhost:5200 [SECONDS until a gap is told; 60]
if (args is not [var user, var device, var folder, var server, ..])
{
    Console.Error.WriteLine("usage: chat USER DEVICE FOLDER RELAY [SECONDS]");
    return 2;
}

Directory.CreateDirectory(folder);
using var tokens = new TrialToken(new Uri(server), user, device);
await using ServiceProvider services = new ServiceCollection()
    .AddPulseMeetE2E(options =>
    {
        options.Device = new(user, device);
        options.Client.GapDelay = TimeSpan.FromSeconds(args.Length > 4 ? int.Parse(args[4], null) : 60);
    })
    .UseSqliteStore(Path.Combine(folder, "chat.db"), KeyFile.In(folder))
    .UseHttpRelay(new Uri(new Uri(server), "e2e"), tokens.AskAsync)
    .BuildServiceProvider();

E2EClient chat = services.GetRequiredService<E2EClient>();
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
var screen = new Screen(chat, folder);
await new Commands(chat, screen).RunAsync(Console.In, stop.Token);
await stop.CancelAsync();
await screen.EndAsync();
return 0;
