using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;

namespace QuickStart;

/// <summary>The whole story of a conversation, step by step.</summary>
internal sealed class Story(Device alice, Device bob, IServiceProvider services, Report report)
{
    public async Task RunAsync(IReadOnlyList<Line> lines)
    {
        report.Step("5. Below the client: two sessions, stored by hand. Both publish their bundles; they share nothing else.");
        await alice.PublishAsync();
        await bob.PublishAsync();

        (Device first, Device second) = lines[0].Speaker == alice.Name ? (alice, bob) : (bob, alice);
        report.Step($"6. {first.Name} writes while {second.Name} is offline; {second.Name} comes online and reads.");
        await first.BeginAsync(second);
        Deliver(first, second, lines[0].Text);

        report.Step("7. The conversation, each device reading and writing its own store at every message.");
        foreach (Line line in lines.Skip(1))
        {
            (Device from, Device to) = line.Speaker == alice.Name ? (alice, bob) : (bob, alice);
            Deliver(from, to, line.Text);
        }

        report.EndOfMessages();
        OutOfOrder(lines);
        RatchetStep();
        Forgery(lines[^1].Text);
        SameKeys();
        LegacyStep.Run(services.GetRequiredService<ILegacyKeyDerivation>(), report);
    }

    private void Deliver(Device from, Device to, string text)
    {
        byte[] message = from.Send(text);
        report.Message(from.Name, text, to.Receive(from, message), message.Length);
    }

    private void OutOfOrder(IReadOnlyList<Line> lines)
    {
        report.Step("8. Three messages arrive in reverse order, one of them twice.");
        string[] texts = [lines[0].Text, lines[lines.Count / 2].Text, lines[^1].Text];
        byte[][] messages = [.. texts.Select(alice.Send)];
        for (int i = messages.Length - 1; i >= 0; i--)
        {
            report.Check($"message {i + 1} of 3 opens", bob.Receive(alice, messages[i]) == texts[i]);
        }

        report.Check(
            "the copy is refused as a duplicate", Refusal(() => bob.Receive(alice, messages[1])) == E2EError.DuplicateMessage);
    }

    private void RatchetStep()
    {
        report.Step("9. Somebody steals a copy of Bob's store. A question and an answer later the keys are others.");
        Device thief = bob.CopyOfStore();
        report.Check("Alice's question opens", bob.Receive(alice, alice.Send("still there?")) == "still there?");
        report.Check("Bob's answer opens", alice.Receive(bob, bob.Send("still here")) == "still here");
        byte[] secret = alice.Send("then to us alone");
        report.Check("the stolen copy does not open the next message", Refusal(() => thief.Receive(alice, secret)) == E2EError.NotAuthentic);
        report.Check("Bob opens it", bob.Receive(alice, secret) == "then to us alone");
    }

    private void Forgery(string text)
    {
        report.Step("10. A message is changed by one bit on its way.");
        byte[] message = alice.Send(text);
        byte[] forged = [.. message];
        forged[^1] ^= 1;
        string before = bob.StoredSessionDigest();
        report.Check("the forgery is refused", Refusal(() => bob.Receive(alice, forged)) == E2EError.NotAuthentic);
        report.Check("Bob's session is as it was", bob.StoredSessionDigest() == before);
        report.Check("the true message still opens", bob.Receive(alice, message) == text);
    }

    private void SameKeys()
    {
        report.Step("11. Both sides derive the same conversation, media and authentication keys.");
        var derivation = services.GetRequiredService<IKeyDerivationService>();
        using X25519KeyPair a = derivation.GenerateKeyPair();
        using X25519KeyPair b = derivation.GenerateKeyPair();
        var context = new ConversationContext("dm_alice_bob");
        using ConversationKeys ofAlice = derivation.DeriveConversationKeys(a, b.PublicKey, context);
        using ConversationKeys ofBob = derivation.DeriveConversationKeys(b, a.PublicKey, context);
        using ConversationKeys next = derivation.RotateConversationKeys(a, b.PublicKey, context);
        report.Check(
            "the three keys are the same",
            ofAlice.Conversation.FixedTimeEquals(ofBob.Conversation)
            && ofAlice.Media.FixedTimeEquals(ofBob.Media)
            && ofAlice.Authentication.FixedTimeEquals(ofBob.Authentication));
        report.Check("the next epoch's are others", !next.Conversation.FixedTimeEquals(ofAlice.Conversation));
    }

    private static E2EError Refusal(Action action)
    {
        try
        {
            action();
            return E2EError.None;
        }
        catch (E2EException exception)
        {
            return exception.Reason;
        }
    }
}
