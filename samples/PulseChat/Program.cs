using PulseChatSample;
using PulseMeet.E2E;

// A pulse chat of eight people with fourteen devices: somebody comes late, somebody is removed, a phone is lost, and the relay lies.
using var time = new CancellationTokenSource(TimeSpan.FromMinutes(4));
CancellationToken stop = time.Token;
var faces = new TwoFaces();
await using var crowd = new Crowd(faces);

Check.Step("Eight people come, with fourteen devices.");
foreach (string user in new[] { "alice", "bob", "carol", "erin", "frank" })
{
    await crowd.ComeAsync(user, stop, "phone", "laptop");
}

await crowd.ComeAsync("dave", stop, "laptop", "phone");

await crowd.ComeAsync("grace", stop, "phone");
await crowd.ComeAsync("heidi", stop, "phone");
Check.That("fourteen devices are there", crowd.Devices.Count == 14);

Check.Step("Alice makes a chat and adds the others.");
E2EClient alice = crowd["alice"].Chat;
PulseChat pulse = await alice.CreatePulseAsync("Rooftop", ["bob", "carol", "dave", "erin", "frank", "grace", "heidi"], stop);
foreach (Device device in crowd.Devices.Where(device => device != crowd["alice"]))
{
    PulseJoined joined = await device.WaitAsync<PulseJoined>(e => e.PulseId == pulse.Id, stop);
    if (joined.By != crowd["alice"].Address)
    {
        Check.That($"{device.Address} was added by Alice's phone", false);
    }
}

PulseRoster roster = await pulse.GetRosterAsync(stop);
Check.That("every device was added, by Alice's phone", roster.Members.Sum(member => member.Devices.Count) == 14);
Check.That("it is made of X-Wing and AES-256-GCM", roster.Suite == PulseSuite.XWing);
await Crowd.SayAsync(pulse, "Who brings the guitar?", crowd.Devices.Where(device => device != crowd["alice"]), stop);
PulseChat erins = await PulseOf(crowd["erin", "laptop"]);
await Crowd.SayAsync(erins, "I do.", crowd.Devices.Where(device => device != crowd["erin", "laptop"]), stop);
Check.That("everybody reads everybody, on each device", crowd["alice"].Texts(pulse.Id).Contains("I do."));

Check.Step("Ivan comes late.");
await crowd.ComeAsync("ivan", stop, "phone");
await pulse.AddAsync("ivan", stop);
await crowd["ivan"].WaitAsync<PulseJoined>(_ => true, stop);
await Crowd.SayAsync(pulse, "Welcome, Ivan.", crowd.Devices.Where(device => device != crowd["alice"]), stop);
Check.That("he reads what is said from then on, and nothing of before", crowd["ivan"].Texts(pulse.Id).SequenceEqual(["Welcome, Ivan."]));

Check.Step("Alice makes Bob an admin, and he removes Grace.");
await pulse.SetRoleAsync("bob", PulseRole.Admin, stop);
await crowd["bob"].WaitAsync<PulseRoleChanged>(e => e is { UserId: "bob", Role: PulseRole.Admin }, stop);
PulseChat bobs = await PulseOf(crowd["bob"]);
await bobs.RemoveAsync("grace", stop);
PulseClosed closed = await crowd["grace"].WaitAsync<PulseClosed>(_ => true, stop);
Check.That("Grace is told that it was Bob", closed.By == crowd["bob"].Address);
PulseMembersChanged changed = await crowd["alice"].WaitAsync<PulseMembersChanged>(e => e.Removed.Count > 0, stop);
Check.That("and so are the others", changed.By == crowd["bob"].Address && changed.Removed.SequenceEqual(["grace"]));
Device[] present = [.. crowd.Devices.Where(device => device.Address.UserId != "grace")];
await Crowd.SayAsync(bobs, "Quiet now.", present.Where(device => device != crowd["bob"]), stop);
Check.That("she reads nothing that is said afterwards", !crowd["grace"].Texts(pulse.Id).Contains("Quiet now."));

Check.Step("Dave loses his phone, and signs it out with his laptop.");
Device lost = crowd["dave"];
await crowd["dave", "laptop"].Chat.RemoveDeviceAsync("phone", stop);
PulseDevicesChanged devices = await crowd["alice"].WaitAsync<PulseDevicesChanged>(e => e.UserId == "dave", stop);
Check.That("it is out, by his laptop's word", devices.By == crowd["dave", "laptop"].Address && devices.Removed.SequenceEqual(["phone"]));
present = [.. present.Except([lost])];
await Crowd.SayAsync(pulse, "Not for the thief.", present.Where(device => device != crowd["alice"]), stop);
Check.That("and reads nothing more", !lost.Texts(pulse.Id).Contains("Not for the thief."));

Check.Step("The relay shows one half of the chat another change than the other half.");
await crowd.SettleAsync(present, stop);
Device[] deceived = [.. present.Where(device => device.Address.UserId is "bob" or "dave" or "frank" or "ivan")];
Device[] others = [.. present.Except(deceived)];
faces.Begin(crowd["alice"].Address, crowd["bob"].Address, deceived.Select(device => device.Address));
Task hers = pulse.RenameAsync("Alice's rooftop", stop);
await faces.First.WaitAsync(stop);
Task his = bobs.RenameAsync("Bob's rooftop", stop);
await Task.WhenAll(hers, his);
Check.That("each half believes in its own name", await NameAt(crowd["erin"]) == "Alice's rooftop" && await NameAt(crowd["frank"]) == "Bob's rooftop");
await Crowd.SayAsync(pulse, "Do you hear me?", others.Where(device => device != crowd["alice"]), stop);
Task<PulseForkSuspected> seenThere = await Task.WhenAny(deceived.Select(device => device.WaitAsync<PulseForkSuspected>(_ => true, stop)));
Task<PulseForkSuspected> seenHere = await Task.WhenAny(others.Select(device => device.WaitAsync<PulseForkSuspected>(_ => true, stop)));
Check.That("it is noticed by those who were deceived", others.Any(device => device.Address == seenThere.Result.With));
Check.That("and by the others", deceived.Any(device => device.Address == seenHere.Result.With));
Check.That("with the epoch at which the lines part", seenThere.Result.Epoch == seenHere.Result.Epoch);
Check.Step("Every step was as it should be.");

async Task<PulseChat> PulseOf(Device device) => await device.Chat.GetPulseAsync(pulse.Id, stop)
    ?? throw new InvalidOperationException($"{device.Address} was never in the chat.");

async Task<string> NameAt(Device device)
{
    await device.WaitAsync<PulseRenamed>(_ => true, stop);
    return (await (await PulseOf(device)).GetRosterAsync(stop)).Name;
}
