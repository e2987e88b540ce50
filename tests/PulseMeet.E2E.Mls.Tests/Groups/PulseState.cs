using PulseMeet.E2E.Groups;
using static PulseMeet.E2E.Mls.Tests.Groups.Chats;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>The stored form of a chat, and bytes that nobody honest writes.</summary>
public sealed class PulseState
{
    [Fact]
    public void A_chat_goes_on_from_its_stored_form_with_what_waits_was_lost_passed_over_and_asked()
    {
        (Account alice, Account bob, Account carol) = Rooftop(GroupRights.Default with { Rename = GroupRole.Member });
        Phone[] all = Present(alice, bob, carol);
        byte[] late = alice["phone"].Seal("late");
        byte[] leave = carol["phone"].Chat.AskToLeave();
        Assert.All(Present(alice, bob), phone => phone.Chat.Receive(leave));
        var intents = new GroupIntent[]
        {
            new RenameIntent("Roof"),
            new RoleIntent("bob", GroupRole.Admin),
            new RightsIntent(GroupRights.Default with { Add = GroupRole.Creator, ExternalJoin = false }),
            new BringIntent([Invite(new Account("dave", "phone"))]),
            new RemoveIntent("bob"),
            new UpdateIntent(),
        };
        foreach (GroupIntent intent in intents)
        {
            // It waits, is read back, loses, is read back, and is made anew.
            byte[] waiting = alice["phone"].Chat.Prepare(intent)!.Commit;
            alice["phone"].Restart();
            Assert.Equal(waiting, alice["phone"].Chat.Prepared!.Commit);
            Phone[] now = Present(alice, bob, carol);
            PreparedCommit other = alice["laptop"].Chat.Prepare(new RenameIntent($"{intent.GetType()}"))!;
            Assert.All(now, phone => Assert.Equal(0, phone.Take(other.Commit).Taken));
            alice["phone"].Restart();
            PreparedCommit again = alice["phone"].Chat.Rebase()!;
            alice["phone"].Restart();
            Assert.All(Present(alice, bob, carol), phone => Assert.Equal(0, phone.Take(again.Commit).Taken));
            alice["phone"].Restart();
            if (bob["phone"].IsIn && ReferenceEquals(intent, intents[0]))
            {
                Assert.Equal("late", bob["phone"].Read(late));
            }
        }

        Assert.All([.. bob.Devices, .. carol.Devices], phone => Assert.True(phone.Chat.IsRemoved));
        Assert.All([.. bob.Devices, .. carol.Devices], phone => phone.Restart());
        AssertTalk(Present(alice));
    }

    [Fact]
    public void What_is_cut_short_of_another_version_or_of_two_states_is_refused_with_a_reason()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone phone = alice["phone"];
        phone.Chat.Prepare(new RenameIntent("Roof"));
        (byte[] epochs, byte[] ratchets) = phone.State();
        PulseGroup Read(byte[] one, byte[] other) => PulseGroup.Deserialize(one, other, phone.Device, phone.Clock);
        void Refused(E2EError reason, byte[] one, byte[] other) =>
            Assert.Equal(reason, Assert.Throws<E2EException>(() => Read(one, other)).Reason);
        Refused(E2EError.UnsupportedVersion, [2, .. epochs[1..]], ratchets);
        Refused(E2EError.UnsupportedVersion, epochs, [2, .. ratchets[1..]]);
        Refused(E2EError.InvalidEncoding, [.. epochs, 0], ratchets);
        Refused(E2EError.InvalidEncoding, epochs, [.. ratchets, 0]);
        Refused(E2EError.InvalidEncoding, epochs, bob["phone"].State().Ratchets[..^1]);
        for (int length = 0; length < epochs.Length; length += 149)
        {
            Assert.Throws<E2EException>(() => Read(epochs[..length], ratchets));
        }

        using ExternalJoin join = bob["phone"].Rejoin(carol["phone"]);
        byte[] stored = join.Serialize();
        for (int length = 0; length < stored.Length; length += 149)
        {
            Assert.Throws<E2EException>(() => ExternalJoin.Deserialize(stored.AsSpan(0, length)));
        }

        Read(epochs, ratchets).Dispose();
    }

    [Fact]
    public void Whatever_the_bytes_every_decoder_reads_them_or_refuses_them_with_a_reason()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone phone = alice["phone"];
        var random = new Random(1);
        int refused = 0;
        var decoders = new (byte[] Right, Action<byte[]> Decode)[]
        {
            (phone.Chat.Data.Encode(), bytes => PulseData.Of([new Extension(GroupNumbers.PulseExtension, bytes)])),
            (phone.Chat.Statement(), bytes => phone.Chat.Judge(bytes, bob["phone"].Address)),
            (phone.Chat.Snapshot(), bytes => GroupSnapshot.Decode(bytes)),
            (bob.List.Encode(), bytes => KnownList.Verify(bytes)),
            (LeaveRequest.Sign(phone.Chat.Suite, phone.Epoch.Context, phone.Epoch.OwnLeaf, phone.Epoch.SignatureKey).Encode(),
                bytes => LeaveRequest.Decode(bytes).FindLeaf(phone.Chat.Suite, phone.Chat.Mls.View)),
            (phone.Epoch.OwnLeaf.Encode(), bytes => PulseLeaf.Of(MlsEncoding.Decode<LeafNode>(bytes))),
            (carol["phone"].Seal("message"), bytes => phone.Chat.Receive(bytes)),
        };
        foreach ((byte[] right, Action<byte[]> decode) in decoders)
        {
            for (int i = 0; i < 60; i++)
            {
                byte[] bytes = [.. right];
                switch (i % 3)
                {
                    case 0:
                        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                        break;
                    case 1:
                        bytes = bytes[..random.Next(bytes.Length)];
                        break;
                    default:
                        random.NextBytes(bytes);
                        break;
                }

                try
                {
                    decode(bytes);
                }
                catch (E2EException)
                {
                    refused++;
                }
            }
        }

        Assert.InRange(refused, 300, decoders.Length * 60);
    }
}
