using PulseMeet.E2E;

namespace Chat;

/// <summary>Shows what the client tells, and keeps it in a file: each event once, however often the process was killed.</summary>
internal sealed class Screen(E2EClient chat, string folder)
{
    private readonly Transcript _transcript = new(Path.Combine(folder, "shown.txt"));
    private CancellationToken _stop;
    private Task? _reading;

    public AccountKeyChanged? LastChange { get; private set; }

    /// <summary>Begins to read, once this device belongs to an account.</summary>
    public void Begin(CancellationToken stop)
    {
        if (_reading is null or { IsCompleted: true })
        {
            _stop = stop;
            _reading = ReadAsync();
        }
    }

    public Task EndAsync() => _reading is null ? Task.CompletedTask : _reading.ContinueWith(_ => { }, TaskScheduler.Default);

    private async Task ReadAsync()
    {
        try
        {
            await foreach (E2EEvent e in chat.ReadEventsAsync(_stop))
            {
                // Handed over again after a crash: it was written down, and not acknowledged.
                if (!_transcript.Has(e.Sequence) && await TellAsync(e) is { } line)
                {
                    _transcript.Add(e.Sequence, line);
                    Console.WriteLine(line);
                }
            }
        }
        catch (InvalidOperationException)
        {
            Console.WriteLine("This device belongs to no account: /signup, /link or /recover KEY.");
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
        catch (E2EException failed)
        {
            Console.WriteLine($"stopped: {failed.Reason}");
        }
    }

    private async Task<string?> TellAsync(E2EEvent e)
    {
        switch (e)
        {
            case MessageReceived { Media: { } photo } m:
                string saved = await SaveAsync(m, photo);
                return $"{m.Sender.UserId}/{m.Sender.DeviceId} to {To(m)}: {photo.Length} bytes in {saved}";
            case MessageReceived { Content: TextContent text } m:
                return $"{m.Sender.UserId}/{m.Sender.DeviceId} to {To(m)}: {text.Value}";
            case MessageRequested request:
                return $"{request.UserId} wants to write to you: /accept {request.UserId} or /block {request.UserId}";
            case MessagesMissing gap:
                return $"{gap.Count} of {gap.Sender.UserId}/{gap.Sender.DeviceId} missing, {(gap.IsLost ? "lost" : "asked for again")}";
            case MessageUnreadable bad:
                return $"unreadable, said to be of {bad.ClaimedSender.UserId}: {bad.Reason}";
            case AccountKeyChanged changed:
                LastChange = changed;
                return $"{changed.UserId} has another account key{(changed.WasVerified ? ", and was verified" : "")}: /accept-key";
            case DeviceListChanged devices:
                return $"{devices.UserId} has other devices: +{string.Join(',', devices.Added)} -{string.Join(',', devices.Removed)}";
            case SessionRepaired repaired:
                return $"repaired with {repaired.Device.UserId}/{repaired.Device.DeviceId}";
            case StoreRolledBack:
                return "this device's records were put back to an earlier state";
            case SignalReceived:
                return null;
            default:
                return e.GetType().Name;
        }
    }

    private static string To(MessageReceived m) => m.ConversationWith == m.Sender.UserId ? "you" : m.ConversationWith;

    /// <summary>Under a name of our own: a sender's file name is for showing, not for a path.</summary>
    private async Task<string> SaveAsync(MessageReceived message, PulseMeet.E2E.Media.MediaReference photo)
    {
        string path = Path.Combine(folder, $"photo-{message.Sequence}");
        await using Stream opened = await chat.OpenMediaAsync(photo, _stop);
        await using FileStream file = File.Create(path);
        await opened.CopyToAsync(file, _stop);
        return path;
    }
}
