using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.PreKeys;

/// <summary>Attacks 8, 9 and 43, to the second and to the piece: what is due, what is dropped, what is remembered, and who holds the
/// prekeys while a first message is under way.</summary>
public sealed class PreKeyBounds
{
    private static readonly FirstMessageSender s_stranger = new(7, IsKnown: false);

    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;

    public PreKeyBounds() => (_alice, _bob) = (new Party("alice", _clock), new Party("bob", _clock, oneTimePairs: 100));

    [Fact]
    public void Ids_follow_each_other_without_a_gap_and_begin_with_one_where_there_is_no_clock()
    {
        PreKeyPublication published = _bob.Publish();
        Assert.Equal(
            Enumerable.Range(1, 100).Select(i => published.SignedPair.Id + (uint)i), published.OneTimePairs.Select(pair => pair.Id));
        using var vault = new PreKeyVault();
        vault.AddCurrent(_bob.Identity.SigningKey, DateTimeOffset.UnixEpoch.AddYears(-1), SharedProfile.Default);
        Assert.Equal(1u, vault.Current.Id);
        vault.AddOneTimePairs(1, _bob.Identity.SigningKey, DateTimeOffset.UnixEpoch);
        Assert.Equal([2u], vault.OneTimePairs.Keys);
    }

    [Fact]
    public void One_less_than_half_of_the_one_time_pairs_is_due_and_half_is_not()
    {
        ReadOnlyMemory<byte> hash = _bob.PreKeys.PublicationHash;
        Assert.True(_bob.PreKeys.IsPublicationDue(new(49, hash)));
        Assert.False(_bob.PreKeys.IsPublicationDue(new(50, hash)));
    }

    [Fact]
    public void A_signed_pair_from_exactly_five_minutes_ahead_stays_and_from_a_second_more_goes()
    {
        _clock.Advance(-IdentityLimits.ClockTolerance);
        Assert.False(_bob.PreKeys.IsPublicationDue(_bob.Full));
        _clock.Advance(TimeSpan.FromSeconds(-1));
        Assert.True(_bob.PreKeys.IsPublicationDue(_bob.Full));
    }

    [Fact]
    public void Of_too_many_generations_the_oldest_goes()
    {
        using var vault = new PreKeyVault();
        for (int i = 0; i < PreKeyVault.MaxGenerations; i++)
        {
            vault.AddCurrent(_bob.Identity.SigningKey, _clock.GetUtcNow(), SharedProfile.Default);
        }

        uint[] before = [.. vault.Generations.Select(generation => generation.Id)];
        vault.AddCurrent(_bob.Identity.SigningKey, _clock.GetUtcNow(), SharedProfile.Default);
        Assert.Equal([vault.Current.Id, .. before[..^1]], vault.Generations.Select(generation => generation.Id));
    }

    [Fact]
    public void Preparing_a_publication_drops_what_is_over_so_that_what_is_stored_then_has_it_no_more()
    {
        _bob.Publish();
        uint first = _bob.PreKeys.Vault.Current.Id;
        _clock.Advance(TimeSpan.FromDays(30));
        _bob.Publish();
        Assert.Contains(_bob.PreKeys.Vault.Generations, generation => generation.Id == first);
        _clock.Advance(TimeSpan.FromDays(30));
        _bob.Publish();
        Assert.Contains(_bob.PreKeys.Vault.Generations, generation => generation.Id == first); // for exactly its retirement
        _clock.Advance(TimeSpan.FromSeconds(1));
        _bob.Publish();
        Assert.DoesNotContain(_bob.PreKeys.Vault.Generations, generation => generation.Id == first);
        Assert.All(_bob.PreKeys.Vault.OneTimePairs.Values, pair => Assert.NotEqual(first, pair.Generation));
    }

    [Fact]
    public void A_pair_that_is_over_is_unknown_before_the_certificate_is_looked_at()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle(oneTime: false)).Seal("too late"u8);
        _clock.Advance(TimeSpan.FromDays(30));
        _bob.Publish();
        _clock.Advance(TimeSpan.FromDays(30) + TimeSpan.FromSeconds(1));
        int identityKeyAt = 4 + 1 + 2 + "alice".Length + 2 + "phone".Length + 32;
        first.AsSpan(identityKeyAt, 32).Clear();
        Assert.Equal(E2EError.UnknownPreKey, Refusal.Of(() => _bob.Accept(_alice, first)));
    }

    [Fact]
    public void The_prekeys_are_held_while_a_first_message_is_under_way_and_let_go_of_however_it_ends()
    {
        var names = new PreKeyNames(_bob.PreKeys.Vault.Current.Id, null);
        var use = new PreKeyUse(_bob.PreKeys, names, Key(1), s_stranger);
        Assert.True(_bob.PreKeys.Lock.IsHeldByCurrentThread);
        use.Dispose();
        Assert.False(_bob.PreKeys.Lock.IsHeldByCurrentThread);
        var unknown = new PreKeyNames(names.SignedPairId + 7, null);
        Assert.Equal(E2EError.UnknownPreKey, Refusal.Of(() => Use(unknown)));
        Assert.False(_bob.PreKeys.Lock.IsHeldByCurrentThread);
    }

    [Fact]
    public void What_was_accepted_is_remembered_in_its_own_list_through_a_restart()
    {
        AcceptedFirstMessages accepted = _bob.PreKeys.Vault.Current.Accepted;
        accepted.Add(Key(1), default, usedOneTimePair: true);
        accepted.Add(Key(2), s_stranger with { IsKnown = true }, usedOneTimePair: false);
        accepted.Add(Key(3), s_stranger, usedOneTimePair: false);
        byte[] stored = _bob.PreKeys.Serialize();
        using var read = DevicePreKeys.Deserialize(stored, _bob.Identity, _bob.PreKeyOptions, _clock);
        Assert.Equal(stored, read.Serialize());
    }

    [Fact]
    public void Every_option_is_taken_at_both_its_ends_and_refused_beyond_them()
    {
        Assert.Equal(100, new PreKeyOptions().OneTimePairs);
        TimeSpan tick = TimeSpan.FromTicks(1);
        TimeSpan most = TimeSpan.FromDays(3650);
        foreach (PreKeyOptions options in new PreKeyOptions[]
            {
                new() { OneTimePairs = 0 }, new() { OneTimePairs = PreKeyOptions.MaxOneTimePairs },
                new() { RotationInterval = tick }, new() { RotationInterval = most },
                new() { RetirementPeriod = TimeSpan.Zero }, new() { RetirementPeriod = most },
            })
        {
            using DevicePreKeys made = DevicePreKeys.Create(_bob.Identity, options, _clock);
            Assert.Equal(options.OneTimePairs, made.PreparePublication(default).OneTimePairs.Count);
        }

        foreach (PreKeyOptions options in new PreKeyOptions[]
            {
                new() { OneTimePairs = -1 }, new() { OneTimePairs = PreKeyOptions.MaxOneTimePairs + 1 },
                new() { RotationInterval = TimeSpan.Zero }, new() { RotationInterval = most + tick },
                new() { RetirementPeriod = -tick }, new() { RetirementPeriod = most + tick }, new() { Profile = null! },
            })
        {
            Assert.ThrowsAny<ArgumentException>(() => DevicePreKeys.Create(_bob.Identity, options, _clock));
            Assert.ThrowsAny<ArgumentException>(() => DevicePreKeys.Deserialize(_bob.PreKeys.Serialize(), _bob.Identity, options, _clock));
            Assert.ThrowsAny<ArgumentException>(() => new DeviceFactory(options, _clock));
        }
    }

    private void Use(PreKeyNames names) => new PreKeyUse(_bob.PreKeys, names, Key(1), s_stranger).Dispose();

    private static X25519PublicKey Key(byte value) => new([.. Enumerable.Repeat(value, 32)]);
}
