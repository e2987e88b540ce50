using PulseMeet.E2E;

namespace Guide;

/// <summary>Two people from nothing to a chat.</summary>
internal static class FiveMinutes
{
    /// <summary>Makes an account.</summary>
    /// <returns>What the user wrote down.</returns>
    public static async Task<string> SignUpAsync(E2EClient chat, CancellationToken cancellationToken)
    {
        #region sign-up
        using RecoveryKey recovery = await chat.SignUpAsync(cancellationToken);
        string toWriteDown = recovery.ToText();
        #endregion
        return toWriteDown;
    }

    public static async Task TalkAsync(E2EClient alice, E2EClient bob, Screen hers, Screen his, CancellationToken cancellationToken)
    {
        #region send
        MessageId id = await alice.SendAsync("bob", MessageContent.Text("Coffee at ten?"), cancellationToken);
        #endregion
        MessageReceived question = await his.NextAsync<MessageReceived>(cancellationToken);
        Check.That("Bob was asked, and reads Alice's message", question.Id == id && question.Content is TextContent { Value: "Coffee at ten?" });
        #region about
        await bob.SendAsync("alice", MessageContent.Reaction(question.Id, "👍"), cancellationToken);
        await bob.SendAsync("alice", MessageContent.Receipt(ReceiptKind.Read, [question.Id]), cancellationToken);
        await alice.SendAsync("bob", MessageContent.Edit(id, "Coffee at eleven?"), cancellationToken);
        #endregion
        MessageReceived reaction = await hers.NextAsync<MessageReceived>(cancellationToken);
        Check.That("Alice sees a reaction", reaction.Content is ReactionContent { Reaction: "👍" } content && content.Target == id);
        Check.That("and a receipt", (await hers.NextAsync<MessageReceived>(cancellationToken)).Content is ReceiptContent);
        Check.That("Bob sees the edit", (await his.NextAsync<MessageReceived>(cancellationToken)).Content is EditContent edit && edit.Target == id);
    }

    public static async Task SendPhotoAsync(
        E2EClient alice, E2EClient bob, Screen his, Stream file, Stream target, CancellationToken cancellationToken)
    {
        var progress = new Progress<long>();
        #region send-file
        var details = new FileDetails("cat.png", "image/png") { Caption = "She sleeps." };
        await alice.SendFileAsync("bob", file, details, progress, cancellationToken);
        #endregion
        MessageReceived message = await his.NextAsync<MessageReceived>(cancellationToken);
        #region open-file
        await using Stream photo = await bob.OpenMediaAsync(message.Media!, cancellationToken);
        await photo.CopyToAsync(target, cancellationToken);
        #endregion
    }

    public static async Task TypeAsync(E2EClient alice, Screen his, CancellationToken cancellationToken)
    {
        Task<SignalReceived> heard = his.NextAsync<SignalReceived>(cancellationToken);
        while (!heard.IsCompleted)
        {
            #region signal
            await alice.SignalAsync("bob", Signal.Typing, cancellationToken);
            #endregion
        }

        Check.That("Bob sees that Alice is typing", (await heard).Signal == Signal.Typing);
    }

    public static async Task CompareAsync(E2EClient alice, E2EClient bob, CancellationToken cancellationToken)
    {
        #region compare
        SafetyNumber number = await alice.GetSafetyNumberAsync("bob", cancellationToken);
        Console.WriteLine(number); // shown beside Bob's, who reads it to Alice
        await alice.MarkVerifiedAsync("bob", number, cancellationToken);
        #endregion
        Check.That("both see one number", number.Equals(await bob.GetSafetyNumberAsync("alice", cancellationToken)));
        Check.That("and Bob is verified", await alice.IsVerifiedAsync("bob", cancellationToken));
    }
}
