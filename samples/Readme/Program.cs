using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;

var preKeyOptions = new PreKeyOptions();
var devices = new DeviceFactory(preKeyOptions, TimeProvider.System);
var sessions = new RatchetSessionFactory(new RatchetOptions(), preKeyOptions, TimeProvider.System);
var directory = new InMemoryKeyDirectory(TimeProvider.System); // your server's place

// Bob signs up: an account, a device, and prekeys that others can write to while he is offline.
using var bobAccount = Ed25519KeyPair.Generate();
using DeviceIdentity bob = devices.CreateDevice(bobAccount, new DeviceAddress("bob", "phone"));
using DevicePreKeys bobPreKeys = devices.CreatePreKeys(bob);
await directory.PublishAsync(bobPreKeys.PreparePublication(directory: default));

// Alice writes first. She remembers Bob's account key once she has seen or verified it.
using var aliceAccount = Ed25519KeyPair.Generate();
using DeviceIdentity alice = devices.CreateDevice(aliceAccount, new DeviceAddress("alice", "laptop"));
PreKeyBundle bundle = await directory.ClaimBundleAsync(bob.Address);
using RatchetSession toBob = sessions.Initiate(alice, new ExpectedPeer(bob.Address, bobAccount.PublicKey), bundle);
byte[] first = toBob.Seal("Coffee at ten?"u8);

// Bob comes online, opens the message and answers. Store Serialize() before a message leaves or is shown.
AcceptedSession accepted = sessions.Accept(bobPreKeys, ExpectedPeer.FirstContact(alice.Address), first);
using RatchetSession toAlice = accepted.Session;
Console.WriteLine(System.Text.Encoding.UTF8.GetString(accepted.Plaintext.Span));
byte[] answer = toAlice.Seal("Make it eleven."u8);

Console.WriteLine(System.Text.Encoding.UTF8.GetString(toBob.Open(answer)));
