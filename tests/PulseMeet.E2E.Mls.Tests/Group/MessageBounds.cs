using static PulseMeet.E2E.Mls.Tests.Members;
using static PulseMeet.E2E.Mls.Tests.Rules;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>Application messages that are reordered, dropped, repeated, late or far ahead; and what others can make a member
/// hold.</summary>
public sealed class MessageBounds
{
    private static readonly GroupBounds s_small = new() { GenerationsAhead = 20, KeptGenerations = 10, PastEpochs = 2 };

    private readonly Member[] _all = Of([new Member("Alice"), new Member("Bob", bounds: s_small), new Member("Carol")]);

    [Fact]
    public void Messages_in_any_order_open_once_each()
    {
        byte[][] sent = [.. Enumerable.Range(0, 10).Select(i => _all[0].Seal($"message {i}"))];
        foreach (int i in new[] { 7, 0, 9, 3, 2, 1, 8, 4, 6, 5 })
        {
            Assert.Equal($"message {i}", _all[1].Read(sent[i]));
            Refuses(E2EError.DuplicateMessage, () => _all[1].Read(sent[i]));
        }
    }

    [Fact]
    public void Own_messages_do_not_open() =>
        Refuses(E2EError.DuplicateMessage, () => _all[0].Read(_all[0].Seal("an echo")));

    [Fact]
    public void A_generation_beyond_the_bound_is_refused_and_changes_nothing()
    {
        byte[][] sent = [.. Enumerable.Range(0, 22).Select(i => _all[0].Seal($"{i}"))];
        (byte[] epochs, byte[] ratchets) = State(_all[1]);
        Refuses(E2EError.TooFarAhead, () => _all[1].Read(sent[21]));
        Assert.Equal(ratchets, State(_all[1]).Ratchets);
        Assert.Equal(epochs, State(_all[1]).Epochs);
        Assert.Equal("20", _all[1].Read(sent[20]));

        // Ten passed-over keys are kept, the older ones are gone.
        Refuses(E2EError.DuplicateMessage, () => _all[1].Read(sent[9]));
        Assert.Equal("10", _all[1].Read(sent[10]));
        Assert.Equal("21", _all[1].Read(sent[21]));

        // The same from a ratchet that has been heard.
        byte[][] more = [.. Enumerable.Range(22, 22).Select(i => _all[0].Seal($"{i}"))];
        AssertRefused(E2EError.TooFarAhead, [_all[1]], _all[0], more[21]);
        Assert.Equal("42", _all[1].Read(more[20]));
    }

    [Fact]
    public void The_highest_generation_of_all_is_refused_before_any_key_is_derived()
    {
        EpochState alice = _all[0].Epoch;
        PrivateMessage honest = MlsMessage.Decode<PrivateMessage>(_all[0].Seal("text"));
        using var aad = new MlsWriter();
        PrivateMessage.WriteSenderDataAad(aad, honest.GroupId, honest.Epoch, honest.Type);
        byte[] far = MlsMessage.Encode(WireFormat.PrivateMessage, new PrivateMessage
        {
            GroupId = honest.GroupId,
            Epoch = honest.Epoch,
            Type = honest.Type,
            AuthenticatedData = honest.AuthenticatedData,
            EncryptedSenderData = new SenderData(0, uint.MaxValue, 0).Seal(
                alice.Suite, alice.Secrets.SenderData, honest.Ciphertext, aad.Written),
            Ciphertext = honest.Ciphertext,
        });

        // Four thousand million derivations would take days.
        AssertRefused(E2EError.TooFarAhead, _all, _all[0], far);
    }

    [Fact]
    public void A_used_key_and_the_secrets_above_it_are_gone_from_the_stored_state()
    {
        SecretTree before = new Thief(_all[1]).State.Current.Ratchets;
        using MessageKey used = before.Look(0, ContentType.Application, 0, 10);
        byte[] key = used.Key.Reveal();
        byte[][] sent = [_all[0].Seal("0"), _all[0].Seal("1"), _all[0].Seal("2")];
        _all[1].Read(sent[2]);

        // Passed over, and kept for its message.
        Assert.True(Contains(State(_all[1]).Ratchets, key));
        _all[1].Read(sent[0]);
        Assert.False(Contains(State(_all[1]).Ratchets, key));
        var thief = new Thief(_all[1]);
        Assert.False(thief.Reads(sent[0]));
        Assert.True(thief.Reads(sent[1]));
        Assert.False(thief.Reads(sent[2]));
    }

    [Fact]
    public void A_sender_deletes_the_keys_that_it_used()
    {
        byte[] sent = _all[0].Seal("text");
        Assert.False(new Thief(_all[0]).Reads(sent));
    }

    [Fact]
    public void Messages_of_past_epochs_open_within_the_bound_and_the_rest_is_deleted()
    {
        byte[] first = _all[0].Seal("first epoch");
        byte[] again = _all[0].Seal("first epoch again");
        Commit(_all, _all[0]);
        byte[] second = _all[0].Seal("second epoch");
        Commit(_all, _all[2]);
        Assert.Equal("first epoch", _all[1].Read(first));
        Commit(_all, _all[0]);
        Refuses(E2EError.MlsWrongEpoch, () => _all[1].Read(again));
        Assert.Equal("second epoch", _all[1].Read(second));
        Assert.False(new Thief(_all[1]).Reads(again));

        // Five by default.
        Assert.Equal("first epoch again", _all[2].Read(again));
    }

    [Fact]
    public void A_late_message_is_verified_by_the_leaf_that_its_sender_had_then()
    {
        byte[] last = _all[2].Seal("my last words");
        Commit(_all, _all[0], new RemoveProposal(2));
        Add(_all[..2], [new Member("Dave")]);
        ReceivedApplication received = Assert.IsType<ReceivedApplication>(_all[1].Group.Receive(last));
        Assert.Equal("Carol", NamedClients.Name(received.Leaf));
    }

    [Fact]
    public void Past_epochs_and_passed_over_keys_are_deleted_by_age_also_when_the_clock_was_ahead()
    {
        byte[] skipped = _all[0].Seal("skipped");
        _all[2].Read(_all[0].Seal("next"));
        _all[2].Clock.Now = _all[2].Clock.Now.AddDays(13);
        _all[2].Group.Expire();
        Assert.True(new Thief(_all[2]).Reads(skipped));
        _all[2].Clock.Now = _all[2].Clock.Now.AddDays(1);
        _all[2].Group.Expire();
        Refuses(E2EError.DuplicateMessage, () => _all[2].Read(skipped));

        byte[] late = _all[0].Seal("late");
        _all[2].Clock.Now = _all[2].Clock.Now.AddYears(10);
        Commit(_all, _all[0]);
        _all[2].Clock.Now = _all[2].Clock.Now.AddYears(-10);
        _all[2].Group.Expire();
        Assert.True(new Thief(_all[2]).Reads(late));
        _all[2].Clock.Now = _all[2].Clock.Now.AddDays(14);
        _all[2].Group.Expire();
        Refuses(E2EError.MlsWrongEpoch, () => _all[2].Read(late));
    }

    [Fact]
    public void A_changed_byte_anywhere_in_a_message_is_refused_and_changes_nothing()
    {
        byte[] message = _all[0].Group.Seal("text"u8, [1, 2, 3], padding: 7);
        (_, byte[] ratchets) = State(_all[1]);
        for (int i = 0; i < message.Length; i++)
        {
            byte[] changed = [.. message];
            changed[i] ^= 0x20;
            Assert.Throws<E2EException>(() => _all[1].Group.Receive(changed));
        }

        Assert.Equal(ratchets, State(_all[1]).Ratchets);
        ReceivedApplication received = Assert.IsType<ReceivedApplication>(_all[1].Group.Receive(message));
        Assert.Equal([1, 2, 3], received.AuthenticatedData);
    }

    [Fact]
    public void Padding_hides_the_length_and_is_all_zeros()
    {
        int a = _all[0].Group.Seal("a"u8, padding: 100).Length;
        Assert.Equal(a, _all[0].Group.Seal("abcde"u8, padding: 96).Length);
        EpochState epoch = _all[0].Epoch;
        var content = new FramedContent
        {
            GroupId = epoch.Context.GroupId,
            Epoch = epoch.Context.Epoch,
            Sender = Sender.Member(0),
            AuthenticatedData = [],
            ApplicationData = [1],
        };
        byte[] signature = AuthenticatedContent.Sign(
            epoch.Suite, WireFormat.PrivateMessage, content, epoch.Context.Encoded, epoch.SignatureKey);

        // The byte behind the signature is what a padding of one byte would be.
        var padded = new AuthenticatedContent(WireFormat.PrivateMessage, content, signature, null);
        PrivateMessage message = SealWithTail(epoch, padded, 1);
        AssertRefused(E2EError.InvalidEncoding, _all, _all[0], MlsMessage.Encode(WireFormat.PrivateMessage, message));
    }

    [Fact]
    public void An_unencrypted_application_message_is_refused()
    {
        EpochState epoch = _all[0].Epoch;
        var content = new FramedContent
        {
            GroupId = epoch.Context.GroupId,
            Epoch = epoch.Context.Epoch,
            Sender = Sender.Member(0),
            AuthenticatedData = [],
            ApplicationData = [1],
        };
        byte[] signature = AuthenticatedContent.Sign(
            epoch.Suite, WireFormat.PublicMessage, content, epoch.Context.Encoded, epoch.SignatureKey);
        AssertRefused(E2EError.InvalidEncoding, _all, _all[0], CommitCreation.Protect(
            epoch, new AuthenticatedContent(WireFormat.PublicMessage, content, signature, null)));
    }

    [Fact]
    public void A_sender_that_floods_an_epoch_with_proposals_takes_nobody_elses_place()
    {
        for (int i = 0; i < MlsLimits.MaxProposalsOfSender; i++)
        {
            _all[1].Group.Receive(Propose(_all[0], Psk()));
        }

        Refuses(
            E2EError.LimitExceeded,
            () => _all[1].Group.Receive(Propose(_all[0], Psk())));
        Assert.IsType<ReceivedProposal>(_all[1].Group.Receive(Propose(_all[2], new RemoveProposal(0))));
        Assert.Equal(MlsLimits.MaxProposalsOfSender + 1, _all[1].Group.Proposals.Count);
    }

    [Fact]
    public void A_message_longer_than_any_is_refused_for_its_length() =>
        Refuses(E2EError.LimitExceeded, () => _all[1].Group.Receive(new byte[MlsLimits.MaxMessage + 1]));

    private static PrivateMessage SealWithTail(EpochState epoch, AuthenticatedContent content, byte tail)
    {
        using MessageKey key = epoch.Ratchets.Ratchet(0, ContentType.Application).Next(out uint generation);
        using var plaintext = new MlsWriter();
        content.Content.WriteBody(plaintext);
        content.WriteAuth(plaintext);
        plaintext.WriteByte(tail);
        using var aad = new MlsWriter();
        PrivateMessage.WriteSenderDataAad(aad, content.Content.GroupId, content.Content.Epoch, ContentType.Application);
        byte[] senderDataAad = aad.ToArray();
        aad.WriteVector([]);
        byte[] ciphertext = new byte[plaintext.Length + 16];
        epoch.Suite.Aead.Seal(key.Key.Reveal(), key.Nonce.Reveal(), plaintext.Written, aad.Written, ciphertext);
        return new PrivateMessage
        {
            GroupId = content.Content.GroupId,
            Epoch = content.Content.Epoch,
            Type = ContentType.Application,
            AuthenticatedData = [],
            EncryptedSenderData = new SenderData(0, generation, 0).Seal(
                epoch.Suite, epoch.Secrets.SenderData, ciphertext, senderDataAad),
            Ciphertext = ciphertext,
        };
    }

    private static PreSharedKeyProposal Psk() => new(PreSharedKeyId.External(Leaves.Suite, "id"u8));

    private static bool Contains(byte[] state, byte[] key) => state.AsSpan().IndexOf(key) >= 0;
}
