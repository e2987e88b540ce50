using PulseMeet.E2E;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Verification;

namespace Chat;

/// <summary>What somebody types.</summary>
internal sealed class Commands(E2EClient chat, Screen screen)
{
    public async Task RunAsync(TextReader typed, CancellationToken stop)
    {
        screen.Begin(stop);
        try
        {
            while (await typed.ReadLineAsync(stop) is { } line && line != "/quit")
            {
                try
                {
                    await RunAsync(line.Split(' ', 3), stop);
                }
                catch (E2EException refused)
                {
                    Console.WriteLine($"not done: {refused.Reason}");
                }
                catch (Exception mistake) when (mistake is ArgumentException or InvalidOperationException or IOException)
                {
                    Console.WriteLine($"not done: {mistake.Message}");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task RunAsync(string[] words, CancellationToken stop)
    {
        switch (words)
        {
            case ["/signup"]:
                using (RecoveryKey recovery = await chat.SignUpAsync(stop))
                {
                    Console.WriteLine($"signed up; write this down: {recovery.ToText()}");
                }

                screen.Begin(stop);
                break;
            case ["/link"]:
                using (LinkRequest request = await chat.RequestLinkAsync(stop))
                {
                    Console.WriteLine($"type this on the first device: /approve {request.Payload}");
                    await chat.CompleteLinkAsync(request, stop);
                }

                Console.WriteLine("linked");
                screen.Begin(stop);
                break;
            case ["/approve", var payload]:
                await chat.ApproveLinkAsync(payload, stop);
                Console.WriteLine("approved");
                break;
            case ["/recover", ..]:
                using (RecoveryKey recovery = RecoveryKey.Parse(string.Join(' ', words.Skip(1))))
                {
                    await chat.RecoverAsync(recovery, stop);
                }

                Console.WriteLine("recovered");
                screen.Begin(stop);
                break;
            case ["/remove", var device]:
                await chat.RemoveDeviceAsync(device, stop);
                Console.WriteLine("removed");
                break;
            case ["/to", var user, var text]:
                await chat.SendAsync(user, MessageContent.Text(text), stop);
                Console.WriteLine($"written: {text}");
                break;
            case ["/photo", var user, var path]:
                await using (FileStream file = File.OpenRead(path))
                {
                    await chat.SendFileAsync(user, file, new(Path.GetFileName(path), "image/png"), cancellationToken: stop);
                }

                Console.WriteLine("written: a photo");
                break;
            case ["/accept", var user]:
                await chat.AcceptAsync(user, stop);
                Console.WriteLine("accepted");
                break;
            case ["/block", var user]:
                await chat.BlockAsync(user, stop);
                Console.WriteLine("blocked");
                break;
            case ["/accept-key"] when screen.LastChange is { } changed:
                await chat.AcceptAccountKeyAsync(changed, stop);
                Console.WriteLine("accepted");
                break;
            case ["/number", var user]:
                Console.WriteLine($"compare: {await chat.GetSafetyNumberAsync(user, stop)}");
                break;
            case ["/verified", var user, var digits]:
                await chat.MarkVerifiedAsync(user, SafetyNumber.Parse(digits), stop);
                Console.WriteLine("verified");
                break;
            case ["/check"]:
                SecureKeyExchangeReport report = await chat.VerifySecureKeyExchangeAsync(stop);
                Console.WriteLine(report.IsRight ? "all is right" : $"wrong: {string.Join(", ", report.Failures.Select(check => check.Name))}");
                break;
            default:
                Console.WriteLine("""
                    /signup  /link  /approve PAYLOAD  /recover KEY  /remove DEVICE
                    /to USER TEXT  /photo USER FILE  /accept USER  /block USER  /accept-key
                    /number USER  /verified USER DIGITS  /check  /quit
                    """);
                break;
        }
    }
}
