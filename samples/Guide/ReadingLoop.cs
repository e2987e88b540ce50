using PulseMeet.E2E;

namespace Guide;

/// <summary>The loop that an app has.</summary>
internal static class ReadingLoop
{
    public static async Task RunAsync(E2EClient chat, Screen screen, CancellationToken cancellationToken)
    {
        #region read
        await foreach (E2EEvent e in chat.ReadEventsAsync(cancellationToken))
        {
            switch (e)
            {
                case MessageReceived message:
                    await screen.KeepAsync(message);
                    break;
                case MessageRequested request when await screen.AskAsync(request): // somebody unknown: the messages wait for this
                    await chat.AcceptAsync(request.UserId, cancellationToken);
                    break;
                case MessageRequested request:
                    await chat.BlockAsync(request.UserId, cancellationToken);
                    break;
                case DeviceRemoved:
                    await screen.ShowAsync(e);
                    await chat.WipeAsync(cancellationToken);
                    return;
                default: // MessagesMissing, AccountKeyChanged and the others of the table below
                    await screen.ShowAsync(e);
                    break;
            }
        }
        #endregion
    }
}
