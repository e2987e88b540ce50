namespace PulseMeet.E2E.Mls.Tests;

/// <summary>A group of up to twenty members who do what the numbers of a list say. After each step all who are in it agree and
/// read each other, and nobody else reads anything.</summary>
internal sealed class GroupWalk
{
    private const int MostMembers = 20;

    private readonly Member _creator = new("0");
    private readonly List<Member> _present;
    private readonly List<Thief> _gone = [];
    private readonly List<(Member Sender, string Text, byte[] Message, List<Member> Unread)> _late = [];
    private int _named = 1;
    private ulong _steps;

    public GroupWalk() => _present = [.. Members.Of([_creator])];

    public int Count => _present.Count;

    public void Step(uint number)
    {
        _steps++;
        uint kind = number % 9;
        uint choice = number / 9;
        Member actor = Pick(choice);
        switch (kind)
        {
            case 0:
            case 1:
                Add(actor, 1 + (int)(choice % 3));
                break;
            case 2:
                Remove(actor, Pick(choice / 7));
                break;
            case 3:
                Commit(actor);
                break;
            case 4:
                Update(actor, Pick(choice / 5));
                break;
            case 5:
                JoinExternally(choice % 2 == 0 ? actor : null);
                break;
            case 6:
                PreSharedKey(actor);
                break;
            case 7:
                Talk(choice);
                break;
            default:
                Restart(actor);
                break;
        }

        AssertAgree();
    }

    private Member Pick(uint choice) => _present[(int)(choice % (uint)_present.Count)];

    private Member New() => new($"{_named++}");

    private void Add(Member committer, int count)
    {
        count = Math.Min(count, MostMembers - _present.Count);
        if (count > 0)
        {
            Member[] joiners = [.. Enumerable.Range(0, count).Select(_ => New())];
            Members.Add([committer, .. _present.Where(member => member != committer)], joiners);
            _present.AddRange(joiners);
        }
    }

    private void Remove(Member committer, Member removed)
    {
        if (committer != removed)
        {
            _gone.Add(new Thief(removed));
            Members.Commit([.. _present], committer, new RemoveProposal(removed.Group.Own));
            Assert.True(removed.Group.IsRemoved);
            _present.Remove(removed);
        }
    }

    private void Commit(Member committer) => Members.Commit([.. _present], committer);

    private void Update(Member updated, Member committer)
    {
        if (updated != committer)
        {
            byte[] proposal = updated.Group.ProposeUpdate(
                format: _steps % 2 == 0 ? WireFormat.PublicMessage : WireFormat.PrivateMessage);
            Members.Deliver([.. _present.Where(member => member != updated)], proposal);
            Members.Commit([.. _present], committer);
        }
    }

    private void JoinExternally(Member? comesBack)
    {
        if (comesBack is null && _present.Count == MostMembers)
        {
            return;
        }

        Member joiner = comesBack is null ? New() : new Member(comesBack.Name);
        Member helper = _present.Find(member => member != comesBack) ?? _present[0];
        PendingCommit join = MlsGroup.JoinExternally(
            helper.Group.GroupInfo(allowExternalJoin: true, withTree: true),
            joiner.Client,
            _ => false,
            joiner.Services,
            replaced: comesBack?.Group.Own);
        if (comesBack is not null)
        {
            _gone.Add(new Thief(comesBack));
        }

        Members.Deliver([.. _present], join.Commit);
        joiner.Group = MlsGroup.Begin(join, joiner.Services);
        _present.Add(joiner);
        if (comesBack is not null)
        {
            _present.Remove(comesBack);
        }
    }

    private void PreSharedKey(Member committer)
    {
        string id = $"psk {_steps}";
        _present.ForEach(member => member.HoldPsk(id, $"key {_steps}"));
        Members.Commit(
            [.. _present],
            committer,
            new PreSharedKeyProposal(PreSharedKeyId.External(committer.Group.Suite, TextEncoding.UTF8.GetBytes(id))));
    }

    /// <summary>Some read at once and in another order; the rest read later, perhaps in another epoch.</summary>
    private void Talk(uint choice)
    {
        foreach ((Member _, string text, byte[] message, List<Member> unread) in _late)
        {
            foreach (Member reader in unread.Where(_present.Contains))
            {
                Assert.Equal(text, reader.Read(message));
            }
        }

        _late.Clear();
        for (uint i = 0; i < 3; i++)
        {
            Member sender = Pick(choice + i);
            string text = $"message {_steps} {i}";
            List<Member> readers = [.. _present.Where(member => member != sender)];
            _late.Insert(0, (sender, text, sender.Seal(text), readers));
        }

        (Member first, string said, byte[] sealedText, List<Member> others) = _late[1];
        foreach (Member reader in others.Take(others.Count / 2).ToArray())
        {
            Assert.Equal(said, reader.Read(sealedText));
            Members.Refuses(E2EError.DuplicateMessage, () => reader.Read(sealedText));
            others.Remove(reader);
        }

        Members.Refuses(E2EError.DuplicateMessage, () => first.Read(sealedText));
    }

    private static void Restart(Member member) => member.Group = MlsGroup.Deserialize(
        member.Group.SerializeEpochs(), member.Group.SerializeRatchets(), member.Services);

    private void AssertAgree()
    {
        // Late messages stay within the epochs that are kept.
        if (_steps % 4 == 0)
        {
            foreach ((Member _, string text, byte[] message, List<Member> unread) in _late)
            {
                unread.Where(_present.Contains).ToList().ForEach(reader => Assert.Equal(text, reader.Read(message)));
            }

            _late.Clear();
        }

        Members.AssertAgree([.. _present]);
        Member sender = Pick((uint)_steps);
        byte[] sealedText = sender.Seal("for members");
        foreach (Member reader in _present.Where(member => member != sender))
        {
            Assert.Equal("for members", reader.Read(sealedText));
        }

        Assert.All(_gone, thief => Assert.False(thief.Reads(sealedText)));
    }
}
