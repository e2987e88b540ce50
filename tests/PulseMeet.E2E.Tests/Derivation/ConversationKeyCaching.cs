using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Derivation;

/// <summary>Conversation keys are derived once however many ask, kept for a while, and zeroed when they go.</summary>
public sealed class ConversationKeyCaching : IDisposable
{
    private static readonly X25519KeyPair s_own = X25519KeyPair.Generate();
    private static readonly X25519PublicKey s_peer = X25519KeyPair.Generate().PublicKey;

    private readonly ManualClock _clock = new();
    private readonly CountingDerivation _derivation;
    private readonly ConversationKeyCache _cache;

    public ConversationKeyCaching()
    {
        _derivation = new CountingDerivation(_clock);
        _cache = new ConversationKeyCache(_derivation, new ConversationKeyCacheOptions { Capacity = 3 }, _clock);
    }

    public void Dispose() => _cache.Dispose();

    [Fact]
    public async Task A_thousand_concurrent_callers_cause_one_derivation_and_all_get_its_keys()
    {
        using var barrier = new SemaphoreSlim(0);
        Task<string>[] callers = [.. Enumerable.Range(0, 1000).Select(async _ =>
        {
            await barrier.WaitAsync();
            using ConversationKeys keys = _cache.GetCurrent(s_own, s_peer, "dm_1_2");
            return Convert.ToHexString(Forge.BytesOf(keys.Conversation));
        })];
        barrier.Release(1000);
        string[] got = await Task.WhenAll(callers);
        Assert.Equal(1, _derivation.Count);
        using ConversationKeys expected = new KeyDerivationService(new KeyDerivationOptions(), _clock)
            .DeriveConversationKeys(s_own, s_peer, new ConversationContext("dm_1_2", epoch: Epoch()));
        Assert.Equal([Convert.ToHexString(Forge.BytesOf(expected.Conversation))], got.Distinct());
    }

    [Fact]
    public void Every_caller_has_keys_of_its_own_that_stay_whole_when_the_cache_lets_go_and_others_dispose_theirs()
    {
        ConversationKeys first = Get("a");
        using ConversationKeys second = Get("a");
        byte[] key = Forge.BytesOf(second.Media);
        first.Dispose();
        Assert.Equal(key, Forge.BytesOf(second.Media));
        _cache.Clear();
        Assert.Equal(key, Forge.BytesOf(second.Media));
        using ConversationKeys again = Get("a");
        Assert.Equal(key, Forge.BytesOf(again.Media));
        Assert.Equal(2, _derivation.Count);
    }

    [Fact]
    public void What_was_used_longest_ago_goes_past_the_capacity_and_is_zeroed()
    {
        byte[] oldest = Conversation("a");
        Get("b").Dispose();
        Get("c").Dispose();
        byte[] used = Conversation("b");
        Conversation("a");
        Conversation("c");
        using (var zeroed = new ZeroedMemory())
        {
            _cache.GetEpoch(s_own, s_peer, new ConversationContext("d"));
            Assert.True(zeroed.Saw(used));
            Assert.False(zeroed.Saw(oldest));
        }

        Assert.Equal(3, _cache.Count);
        Assert.Equal(4, _derivation.Count);
        Conversation("a");
        Assert.Equal(4, _derivation.Count);
        Conversation("b");
        Assert.Equal(5, _derivation.Count);
    }

    [Fact]
    public void Keys_past_their_time_are_zeroed_though_nobody_asks_and_are_derived_again()
    {
        byte[] key = Conversation("a");
        _clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        _clock.RunTimers();
        Assert.Equal(1, _cache.Count);
        _clock.Advance(TimeSpan.FromSeconds(1));
        using (var zeroed = new ZeroedMemory())
        {
            _clock.RunTimers();
            Assert.True(zeroed.Saw(key));
        }

        Assert.Equal(0, _cache.Count);
        Assert.Equal(key, Conversation("a"));
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(key, Conversation("a")); // asked for before the timer ran
        Assert.Equal(3, _derivation.Count);
        Assert.Equal(1, _cache.Count);
    }

    [Fact]
    public void A_clock_that_is_set_back_keeps_nothing_longer()
    {
        Conversation("a");
        _clock.Advance(TimeSpan.FromDays(-3650));
        _clock.RunTimers();
        Assert.Equal(0, _cache.Count);
    }

    [Fact]
    public void The_epoch_changes_by_itself_at_the_interval_for_both_parties_alike_and_earlier_ones_are_still_given()
    {
        using X25519KeyPair peer = X25519KeyPair.Generate();
        using ConversationKeys before = _cache.GetCurrent(s_own, peer.PublicKey, "dm_1_2");
        Assert.Equal(Epoch(), before.Context.Epoch);
        _clock.Advance(TimeSpan.FromDays(30));
        using ConversationKeys after = _cache.GetCurrent(peer, s_own.PublicKey, "dm_1_2");
        using ConversationKeys same = _cache.GetCurrent(s_own, peer.PublicKey, "dm_1_2");
        Assert.Equal(before.Context.Epoch + 1, after.Context.Epoch);
        Assert.True(after.Conversation.FixedTimeEquals(same.Conversation));
        Assert.False(after.Conversation.FixedTimeEquals(before.Conversation));
        using ConversationKeys earlier = _cache.GetEpoch(peer, s_own.PublicKey, before.Context);
        Assert.True(earlier.Conversation.FixedTimeEquals(before.Conversation));
    }

    [Fact]
    public void Conversations_kinds_epochs_and_parties_are_kept_apart()
    {
        using X25519KeyPair other = X25519KeyPair.Generate();
        ConversationKeys[] all =
        [
            Get("a"),
            Get("b"),
            _cache.GetEpoch(s_own, s_peer, new ConversationContext("a", ConversationKind.Pulse)),
            _cache.GetEpoch(s_own, s_peer, new ConversationContext("a", epoch: 1)),
            _cache.GetEpoch(s_own, other.PublicKey, new ConversationContext("a")),
            _cache.GetEpoch(other, s_peer, new ConversationContext("a")),
        ];
        Assert.Equal(all.Length, all.Select(keys => Convert.ToHexString(Forge.BytesOf(keys.Conversation))).Distinct().Count());
    }

    [Fact]
    public void A_derivation_that_fails_is_kept_for_nobody()
    {
        _derivation.Failures = 1;
        Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => Get("a")));
        Assert.Equal(0, _cache.Count);
        Get("a").Dispose();
    }

    [Fact]
    public void A_disposed_cache_has_zeroed_its_keys_stopped_its_timer_and_serves_no_more()
    {
        byte[] key = Conversation("a");
        using (var zeroed = new ZeroedMemory())
        {
            _cache.Dispose();
            Assert.True(zeroed.Saw(key));
        }

        Assert.Equal(0, _clock.Timers);
        Assert.Throws<ObjectDisposedException>(() => Get("a"));
    }

    private ulong Epoch() => (ulong)(_clock.GetUtcNow().ToUnixTimeSeconds() / (30 * 86400));

    private ConversationKeys Get(string id) => _cache.GetEpoch(s_own, s_peer, new ConversationContext(id));

    private byte[] Conversation(string id)
    {
        using ConversationKeys keys = Get(id);
        return Forge.BytesOf(keys.Conversation);
    }

    [Fact]
    public void After_everything_was_dropped_the_capacity_is_that_of_before()
    {
        foreach (string id in new[] { "a", "b", "c" })
        {
            Get(id).Dispose();
        }

        _cache.Clear();
        Assert.Equal(0, _cache.Count);
        foreach (string id in new[] { "d", "e", "f", "g" })
        {
            Get(id).Dispose();
        }

        Assert.Equal(3, _cache.Count);
        Get("g").Dispose();
        Assert.Equal(7, _derivation.Count);
    }

    [Fact]
    public void Keys_that_were_dropped_while_somebody_waits_for_them_are_derived_for_that_caller_and_kept_by_nobody()
    {
        var context = new ConversationContext("dm_1_2");
        var entry = new CachedConversationKeys(new(s_own.PublicKey, s_peer, context), _clock.GetUtcNow());
        entry.Copy(_derivation, s_own).Dispose();
        entry.Copy(_derivation, s_own).Dispose();
        Assert.Equal(1, _derivation.Count);
        entry.Dispose();
        entry.Copy(_derivation, s_own).Dispose();
        entry.Copy(_derivation, s_own).Dispose();
        Assert.Equal(3, _derivation.Count);
    }

    /// <summary>The real derivation, which counts and can be told to fail.</summary>
    internal sealed class CountingDerivation(TimeProvider time) : IKeyDerivationService
    {
        private readonly KeyDerivationService _inner = new(new KeyDerivationOptions(), time);
        private int _count;

        public int Count => _count;

        public int Failures { get; set; }

        public ConversationKeys DeriveConversationKeys(X25519KeyPair own, X25519PublicKey peer, ConversationContext context)
        {
            Interlocked.Increment(ref _count);
            return Failures-- > 0
                ? throw new E2EException(E2EError.InvalidPublicKey)
                : _inner.DeriveConversationKeys(own, peer, context);
        }

        public X25519KeyPair GenerateKeyPair() => _inner.GenerateKeyPair();

        public ConversationKeys RotateConversationKeys(X25519KeyPair own, X25519PublicKey peer, ConversationContext current) =>
            _inner.RotateConversationKeys(own, peer, current);

        public bool IsRotationDue(DateTimeOffset establishedAt) => _inner.IsRotationDue(establishedAt);

        public MediaKey DeriveMediaFileKey(MediaKey media, string mediaId) => _inner.DeriveMediaFileKey(media, mediaId);

        public ArchiveKey DeriveArchiveKey(X25519KeyPair own, X25519PublicKey peer, ConversationContext context) =>
            _inner.DeriveArchiveKey(own, peer, context);

        public ArchiveKey DeriveArchiveKey(ReadOnlySpan<byte> sharedSecret, ConversationContext context) =>
            _inner.DeriveArchiveKey(sharedSecret, context);

        public DeviceKey DeriveDeviceKey(MasterKey master, DeviceAddress device) => _inner.DeriveDeviceKey(master, device);

        public BackupKey DeriveBackupKey(MasterKey master, string userId, string backupId) =>
            _inner.DeriveBackupKey(master, userId, backupId);
    }

    /// <summary>A clock whose timers run when the test says so.</summary>
    private sealed class ManualClock : TimeProvider
    {
        private readonly List<Timer> _timers = [];
        private DateTimeOffset _now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

        public int Timers => _timers.Count;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan by) => _now += by;

        public void RunTimers() => _timers.ForEach(timer => timer.Callback(timer.State));

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(this, callback, state);
            _timers.Add(timer);
            return timer;
        }

        private sealed record Timer(ManualClock Clock, TimerCallback Callback, object? State) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() => Clock._timers.Remove(this);

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
