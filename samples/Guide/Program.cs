using System.Security.Cryptography;
using Guide;
using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;

// Every region of this sample is a snippet of docs/guides/messaging.md, and runs here.
using var time = new CancellationTokenSource(TimeSpan.FromMinutes(2));
CancellationToken stop = time.Token;
#region relay
var relay = new InMemoryRelay(TimeProvider.System);
var media = new InMemoryMediaStore(TimeProvider.System);
#endregion
await using var phone = new Device("alice", "phone", relay, media);
await using var laptop = new Device("alice", "laptop", relay, media);
await using var newPhone = new Device("alice", "new-phone", relay, media);
await using var bobs = new Device("bob", "phone", relay, media);

E2EClient alice = phone.Start();
E2EClient bob = bobs.Start();
await FiveMinutes.SignUpAsync(alice, stop);
await FiveMinutes.SignUpAsync(bob, stop);
phone.Read(alice);
bobs.Read(bob);
await FiveMinutes.TalkAsync(alice, bob, phone.Screen, bobs.Screen, stop);
byte[] cat = RandomNumberGenerator.GetBytes(300_000);
using var seen = new MemoryStream();
await FiveMinutes.SendPhotoAsync(alice, bob, bobs.Screen, new MemoryStream(cat), seen, stop);
Check.That("Bob sees the cat", seen.ToArray().AsSpan().SequenceEqual(cat));
await FiveMinutes.TypeAsync(alice, bobs.Screen, stop);
await FiveMinutes.CompareAsync(alice, bob, stop);
SafetyNumber compared = await bob.GetSafetyNumberAsync("alice", stop);

// Once by hand before: what others add a device by is published then.
await alice.SynchronizeAsync(stop);
await bob.SynchronizeAsync(stop);
await PulseChats.RunAsync(alice, bob, phone.Screen, bobs.Screen, stop);

// A second device: who was accepted on the first is so there.
E2EClient second = laptop.Start();
await MoreDevices.LinkAsync(alice, second, stop);
laptop.Read(second);
await alice.SendAsync("bob", MessageContent.Text("From the phone."), stop);
Check.That("the laptop has what the phone wrote", (await laptop.Screen.NextAsync<MessageReceived>(stop)).ConversationWith == "bob");
await bobs.Screen.NextAsync<MessageReceived>(stop);
await bob.SendAsync("alice", MessageContent.Text("To both."), stop);
Check.That("and what Bob writes to both", (await laptop.Screen.NextAsync<MessageReceived>(stop)).Sender.UserId == "bob");
await phone.Screen.NextAsync<MessageReceived>(stop);

// It may do what the phone may.
await MoreDevices.HandOverAsync(alice, second, stop);
(await second.ReplaceRecoveryKeyAsync(stop)).Dispose();

// It goes, and so does the phone; the account comes back under the same key.
string writtenDown = await MoreDevices.RemoveAsync(alice, stop);
await laptop.Screen.NextAsync<DeviceRemoved>(stop);
await laptop.Reading;
bool isWiped = false;
try
{
    await second.SynchronizeAsync(stop);
}
catch (ObjectDisposedException)
{
    isWiped = true;
}

Check.That("the laptop has wiped itself", isWiped);
await MoreDevices.WipeAsync(alice, stop);
E2EClient back = newPhone.Start();
await MoreDevices.RecoverAsync(back, writtenDown, stop);
await back.SendAsync("bob", MessageContent.Text("I am back."), stop);
Check.That("Bob reads the new phone", (await bobs.Screen.NextAsync<MessageReceived>(stop)).Sender.DeviceId == "new-phone");
Check.That("and the number is the same", compared.Equals(await bob.GetSafetyNumberAsync("alice", stop)));

// An extension shows a message, and the app shows it again. It loses the store to the extension, and takes it again.
await bobs.DisposeAsync();
bob = bobs.Start();
await bob.SynchronizeAsync(stop);
await back.SendAsync("bob", MessageContent.Text("Are you asleep?"), stop);
await back.SynchronizeAsync(stop);
long sequence;
ServiceProvider woken = bobs.StartExtension();
await using (woken)
{
    sequence = (await WithoutLoop.ShowOneAsync(woken.GetRequiredService<E2EClient>(), stop)).Sequence;
    E2EError reason = default;
    try
    {
        await bob.SendAsync("alice", MessageContent.Text("Who has the store?"), stop);
    }
    catch (E2EException exception)
    {
        reason = exception.Reason;
    }

    Check.That("the app has lost the store", reason == E2EError.StoreInUse);
}

await bobs.DisposeAsync();
bob = bobs.Start();
bobs.Read(bob);
Check.That("the app shows it under the same number", (await bobs.Screen.NextAsync<MessageReceived>(stop)).Sequence == sequence);
await bobs.DisposeAsync();

// Carried by hand: the extension's client sends nothing by itself.
ServiceProvider byHand = bobs.StartExtension();
await using (byHand)
{
    bob = byHand.GetRequiredService<E2EClient>();
    await bob.SendAsync("alice", MessageContent.Text("By hand."), stop);
    await WithoutLoop.CarryOutAsync(bob, relay.Connect(new("bob", "phone")), stop);
    await newPhone.DisposeAsync();
    ServiceProvider alsoByHand = newPhone.StartExtension();
    await using (alsoByHand)
    {
        await WithoutLoop.CarryInAsync(
            alsoByHand.GetRequiredService<E2EClient>(), relay.Connect(new("alice", "new-phone")), stop);
    }
}

back = newPhone.Start();
newPhone.Read(back);
Check.That("Alice reads what was carried", (await newPhone.Screen.NextAsync<MessageReceived>(stop)).Content is TextContent { Value: "By hand." });

// What an app registers, and several accounts.
string folder = Directory.CreateTempSubdirectory("pulsemeet-guide").FullName;
byte[] key = RandomNumberGenerator.GetBytes(32);
var services = new ServiceCollection();
Registrations.App(
    services, Path.Combine(folder, "chat.db"), _ => ValueTask.FromResult<byte[]>([.. key]), _ => ValueTask.FromResult<string?>("token"));
Registrations.Accounts(services, _ => ValueTask.FromResult<byte[]>([.. key]), relay);
ServiceProvider provider = services.BuildServiceProvider();
await using (provider)
{
    Check.That("an app has its client", provider.GetRequiredService<E2EClient>() is not null);
    #region account
    E2EClient work = provider.GetRequiredKeyedService<E2EClient>("work");
    #endregion
    await FiveMinutes.SignUpAsync(work, stop);
    E2EClient home = provider.GetRequiredKeyedService<E2EClient>("home");
    await FiveMinutes.SignUpAsync(home, stop);
    SafetyNumber number = await work.GetSafetyNumberAsync("alice.at.home", stop);
    using MasterKey next = MasterKey.Generate();
    await MoreDevices.ChangeKeyAsync(home, next, stop);
    Check.That("two accounts live in one process", number.Equals(await home.GetSafetyNumberAsync("alice.at.work", stop)));
}

Directory.Delete(folder, recursive: true);
