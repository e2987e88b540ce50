using System.Security.Cryptography;
using ChatApp;

namespace PulseMeet.E2E.Client.Tests;

/// <summary>The happy path, line by line, over SQLite files and a relay on HTTP: what the README promises an app developer.</summary>
public sealed class ThePage : IAsyncLifetime, IDisposable
{
    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromMinutes(2));
    private readonly string _folder = Directory.CreateTempSubdirectory("pulsemeet-page").FullName;
    private readonly List<App> _apps = [];
    private readonly Dictionary<string, byte[]> _keyStore = [];
    private ChatServer? _server;

    [Fact]
    public async Task Every_line_of_the_happy_path_does_what_it_says()
    {
        CancellationToken cancellationToken = _timeout.Token;
        App bob = await SignUpAsync("bob", cancellationToken);
        E2EClient chat = (await SignUpAsync("alice", cancellationToken)).Chat;
        App carol = await SignUpAsync("carol", cancellationToken);
        App dave = await SignUpAsync("dave", cancellationToken);

        // A second device is approved on the first.
        App laptopApp = Start("alice", "laptop", reads: false);
        E2EClient laptop = laptopApp.Chat;
        using (LinkRequest request = await laptop.RequestLinkAsync(cancellationToken))
        {
            await chat.ApproveLinkAsync(request.Payload, cancellationToken);
            await laptop.CompleteLinkAsync(request, cancellationToken);
        }

        App laptopAgain = await RestartAsync(laptopApp, "alice", "laptop");

        // To all devices of both.
        MessageId id = await chat.SendAsync("bob", MessageContent.Text("Hi"), cancellationToken);
        MessageReceived hi = await bob.NextAsync<MessageReceived>(cancellationToken);
        Assert.Equal(id, hi.Id);
        Assert.Equal("Hi", Assert.IsType<TextContent>(hi.Content).Value);
        MessageReceived copy = await laptopAgain.NextAsync<MessageReceived>(cancellationToken);
        Assert.Equal((id, "bob"), (copy.Id, copy.ConversationWith));

        // A restart, and an answer.
        App aliceAgain = await RestartAsync(_apps[1], "alice", "phone");
        chat = aliceAgain.Chat;
        await bob.Chat.SendAsync("alice", MessageContent.Text("Hello"), cancellationToken);
        Assert.Equal("Hello", Assert.IsType<TextContent>((await aliceAgain.NextAsync<MessageReceived>(cancellationToken)).Content).Value);

        // A photo.
        byte[] cat = RandomNumberGenerator.GetBytes(500_000);
        var progress = new Progress<long>();
        await chat.SendFileAsync("bob", new MemoryStream(cat), new("cat.png", "image/png"), progress, cancellationToken);
        MessageReceived message = await bob.NextAsync<MessageReceived>(cancellationToken);
        await using (Stream photo = await bob.Chat.OpenMediaAsync(message.Media!, cancellationToken))
        {
            photo.Position = 400_000;
            byte[] end = new byte[100_000];
            await photo.ReadExactlyAsync(end, cancellationToken);
            Assert.Equal(cat[400_000..], end);
        }

        // A signal passes to whoever is reading just then: said until it was heard.
        Task<SignalReceived> typing = bob.NextAsync<SignalReceived>(cancellationToken);
        while (!typing.IsCompleted)
        {
            await chat.SignalAsync("bob", Signal.Typing, cancellationToken);
        }

        Assert.Equal(Signal.Typing, (await typing).Signal);

        // Verification: both see one number.
        SafetyNumber number = await chat.GetSafetyNumberAsync("bob", cancellationToken);
        Assert.Equal(number, await bob.Chat.GetSafetyNumberAsync("alice", cancellationToken));
        await chat.MarkVerifiedAsync("bob", number, cancellationToken);
        Assert.True(await chat.IsVerifiedAsync("bob", cancellationToken));

        await PulsesAsync(chat, laptopAgain, bob, carol, dave, cancellationToken);

        // A device goes; the recovery key is replaced; the account comes back on a new phone; sign out.
        await chat.RemoveDeviceAsync("laptop", cancellationToken);
        await laptopAgain.NextAsync<DeviceRemoved>(cancellationToken);
        using RecoveryKey next = await chat.ReplaceRecoveryKeyAsync(cancellationToken);
        await chat.WipeAsync(cancellationToken);
        App newPhone = Start("alice", "new-phone", reads: false);
        await newPhone.Chat.RecoverAsync(next, cancellationToken);
        await bob.Chat.BlockAsync("alice", cancellationToken);
        await bob.Chat.AcceptAsync("alice", cancellationToken);
        await newPhone.Chat.SendAsync("bob", MessageContent.Text("Back"), cancellationToken);
        Assert.Equal("Back", Assert.IsType<TextContent>((await bob.NextAsync<MessageReceived>(cancellationToken)).Content).Value);
    }

    /// <summary>Pulse chats: everybody with all devices, one more, one less, and what is said then.</summary>
    private static async Task PulsesAsync(E2EClient chat, App laptop, App bob, App carol, App dave, CancellationToken cancellationToken)
    {
        PulseChat pulse = await chat.CreatePulseAsync("Rooftop", ["bob", "carol"], cancellationToken);
        foreach (App app in new[] { laptop, bob, carol })
        {
            PulseJoined joined = await app.NextAsync<PulseJoined>(cancellationToken);
            Assert.Equal((pulse.Id, "Rooftop", "alice"), (joined.PulseId, joined.Name, joined.By.UserId));
        }

        await pulse.AddAsync("dave", cancellationToken);
        Assert.Equal(pulse.Id, (await dave.NextAsync<PulseJoined>(cancellationToken)).PulseId);
        await pulse.RemoveAsync("carol", cancellationToken);
        MessageId id = await pulse.SendAsync(MessageContent.Text("Welcome"), cancellationToken);
        foreach (App app in new[] { laptop, bob, dave })
        {
            PulseMessageReceived message = await app.NextAsync<PulseMessageReceived>(cancellationToken);
            Assert.Equal((id, pulse.Id, "phone"), (message.Id, message.PulseId, message.Sender.DeviceId));
            Assert.Equal("Welcome", Assert.IsType<TextContent>(message.Content).Value);
        }

        PulseClosed closed = await carol.NextAsync<PulseClosed>(cancellationToken);
        Assert.Equal((pulse.Id, "alice", false), (closed.PulseId, closed.By.UserId, closed.HasLeft));
        Assert.True((await (await carol.Chat.GetPulseAsync(pulse.Id, cancellationToken))!.GetRosterAsync(cancellationToken)).IsClosed);
        PulseRoster roster = await (await dave.Chat.GetPulseAsync(pulse.Id, cancellationToken))!.GetRosterAsync(cancellationToken);
        Assert.Equal(["alice", "bob", "dave"], roster.Members.Select(member => member.UserId));
        Assert.Equal(["laptop", "phone"], roster.Find("alice")!.Devices);
    }

    public async Task InitializeAsync() => _server = await ChatServer.StartAsync();

    public async Task DisposeAsync()
    {
        _apps.Reverse();
        foreach (App app in _apps)
        {
            await app.DisposeAsync();
        }

        await _server!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose() => _timeout.Dispose();

    private App Start(string user, string device, bool reads = true)
    {
        string name = $"{user}-{device}";
        _keyStore.TryAdd(name, RandomNumberGenerator.GetBytes(32));
        IMasterKeySource masterKeys = MasterKeys.From(_ => ValueTask.FromResult<byte[]>([.. _keyStore[name]]));
        App app = App.Start(
            user, device, Path.Combine(_folder, name + ".db"), _server!.Address, ChatServer.TokensOf(user, device), masterKeys, reads);
        _apps.Add(app);
        return app;
    }

    private async Task<App> SignUpAsync(string user, CancellationToken cancellationToken)
    {
        App app = Start(user, "phone", reads: false);
        (await app.Chat.SignUpAsync(cancellationToken)).Dispose();

        // The first round brings the keys to the relay by which others add this device to pulse chats.
        await app.Chat.SynchronizeAsync(cancellationToken);
        return await RestartAsync(app, user, "phone");
    }

    private async Task<App> RestartAsync(App app, string user, string device)
    {
        _apps.Remove(app);
        await app.DisposeAsync();
        return Start(user, device);
    }
}
