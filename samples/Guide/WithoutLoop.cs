using PulseMeet.E2E;
using PulseMeet.E2E.Relay;

namespace Guide;

/// <summary>For apps that are woken, and for apps that carry envelopes themselves.</summary>
internal static class WithoutLoop
{
    /// <summary>A notification extension shows one message.</summary>
    /// <returns>The message, which was not acknowledged.</returns>
    public static async Task<MessageReceived> ShowOneAsync(E2EClient extension, CancellationToken cancellationToken)
    {
        #region woken
        await extension.SynchronizeAsync(cancellationToken);
        await foreach (E2EEvent e in extension.ReadWaitingEventsAsync(cancellationToken))
        {
            if (e is MessageReceived { Content: TextContent text } message)
            {
                Console.WriteLine($"{message.Sender.UserId}: {text.Value}");
                return message; // not acknowledged: the app is told it again, under the same Sequence
            }
        }
        #endregion
        throw new InvalidOperationException("No message came.");
    }

    public static async Task CarryOutAsync(E2EClient chat, IE2ERelay server, CancellationToken cancellationToken)
    {
        #region carry-out
        IReadOnlyList<OutgoingEnvelope> waiting = await chat.GetOutboxAsync(100, cancellationToken);
        IReadOnlyList<DeliveryOutcome> outcomes = await server.DeliverAsync(waiting, cancellationToken);
        await chat.ConfirmOutboxAsync([.. waiting.Zip(outcomes)], cancellationToken);
        #endregion
        Check.That("what waits is carried out by hand", waiting.Count > 0 && (await chat.GetOutboxAsync(100, cancellationToken)).Count == 0);
    }

    public static async Task CarryInAsync(E2EClient chat, IE2ERelay server, CancellationToken cancellationToken)
    {
        MailboxPage page = await server.ReceiveAsync(new MailboxRequest(100, TimeSpan.Zero, 0, []), cancellationToken);
        IReadOnlyList<MailboxItem> items = page.Items;
        #region carry-in
        await chat.PushAsync(items, cancellationToken);
        await server.AcknowledgeAsync([.. items.Select(item => item.Id)], cancellationToken); // durable on the device by now
        #endregion
        Check.That("what came is carried in by hand", items.Count > 0);
    }
}
