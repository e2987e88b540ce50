using System.Security.Cryptography;
using System.Text;
using PulseMeet.E2E;
using PulseMeet.E2E.Relay;

namespace QuickStart;

/// <summary>Two people with two devices each, as an app sees them: the client does the rest. They say the first 200 lines; what is longer than a
/// text may be would go as a file.</summary>
internal static class ClientStory
{
    private const int MaxLines = 200;
    private const int MaxBytes = 65_536;

    public static async Task RunAsync(IReadOnlyList<Line> all, Report report)
    {
        Line[] lines = [.. all.Where(line => Encoding.UTF8.GetByteCount(line.Text) <= MaxBytes).Take(MaxLines)];
        report.Step("1. Two people sign up, and link a second device each.");
        var relay = new InMemoryRelay(TimeProvider.System);
        var media = new InMemoryMediaStore(TimeProvider.System);
        await using var alice = new ChatDevice("alice", "phone", relay, media);
        await using var aliceLaptop = new ChatDevice("alice", "laptop", relay, media);
        await using var bob = new ChatDevice("bob", "phone", relay, media);
        await using var bobTablet = new ChatDevice("bob", "tablet", relay, media);
        await SignUpAsync(alice, aliceLaptop);
        await SignUpAsync(bob, bobTablet);

        report.Step("2. The conversation, on all four devices; after every fifth message somebody's app ends and begins again.");
        ChatDevice[] devices = [alice, aliceLaptop, bob, bobTablet];
        for (int i = 0; i < lines.Length; i++)
        {
            (ChatDevice from, string to) = lines[i].Speaker == "Alice" ? (alice, "bob") : (bob, "alice");
            await from.Chat.SendAsync(to, MessageContent.Text(lines[i].Text));
            foreach (ChatDevice device in devices.Where(device => device != from))
            {
                string received = (await device.NextAsync()).Content is TextContent text ? text.Value : string.Empty;
                report.Delivered(lines[i].Speaker, lines[i].Text, received);
            }

            if (i % 5 == 4)
            {
                ChatDevice restarted = devices[i / 5 % devices.Length];
                await restarted.DisposeAsync();
                restarted.Start();
                restarted.Read();
            }
        }

        report.EndOfDeliveries();
        report.Step("3. A photo.");
        byte[] photo = RandomNumberGenerator.GetBytes(300_000);
        await alice.Chat.SendFileAsync("bob", new MemoryStream(photo), new FileDetails("cat.png", "image/png"));
        MessageReceived message = await bobTablet.NextAsync();
        await using Stream opened = await bobTablet.Chat.OpenMediaAsync(message.Media!);
        byte[] seen = new byte[photo.Length];
        await opened.ReadExactlyAsync(seen);
        report.Check($"{message.Media!.FileName} is the same {seen.Length:N0} bytes on Bob's tablet", seen.AsSpan().SequenceEqual(photo));

        report.Step("4. Both compare one number.");
        SafetyNumber number = await alice.Chat.GetSafetyNumberAsync("bob");
        report.Check($"{number}", number.Equals(await bob.Chat.GetSafetyNumberAsync("alice")));
    }

    private static async Task SignUpAsync(ChatDevice first, ChatDevice second)
    {
        first.Start();
        second.Start();
        (await first.Chat.SignUpAsync()).Dispose(); // The recovery key, to be written down.
        using LinkRequest request = await second.Chat.RequestLinkAsync(); // Its payload is a QR code on the second device.
        await first.Chat.ApproveLinkAsync(request.Payload);
        await second.Chat.CompleteLinkAsync(request);
        first.Read();
        second.Read();
    }
}
