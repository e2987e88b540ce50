using System.Reflection;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>The self-check names what fails, says which backend each primitive runs on, and claims nothing.</summary>
public sealed class SecureKeyExchangeIsLookedAt
{
    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly SecureKeyExchangeVerifier _verifier;

    public SecureKeyExchangeIsLookedAt()
    {
        _alice = new Party("alice", _clock);
        _verifier = new SecureKeyExchangeVerifier(_clock);
    }

    [Fact]
    public async Task A_healthy_device_passes_every_check_and_each_primitive_names_its_backends()
    {
        SecureKeyExchangeReport report = await _verifier.VerifySecureKeyExchangeAsync(_alice.Identity);
        Assert.True(report.IsRight, string.Join(", ", report.Failures.Select(check => check.Name)));
        foreach (string primitive in new[] { "X25519", "Ed25519", "ML-KEM-768", "HMAC-SHA-256", "HKDF-SHA-256", "AES-256-GCM", "SHA-256", "SHA-512" })
        {
            Assert.Contains(report.Checks, check => check.Name.StartsWith(primitive + ", ", StringComparison.Ordinal)
                && check.Detail.StartsWith("used", StringComparison.Ordinal));
        }

        string[] direct = LibcryptoAesGcm.IsSupported ? ["AES-256-GCM, libcrypto"] : [];
        Assert.Equal([.. direct, "AES-256-GCM, platform", "AES-256-GCM, BouncyCastle"], report.Checks.Where(check => check.Name.StartsWith("AES", StringComparison.Ordinal)).Select(check => check.Name));
        Assert.Contains(report.Checks, check => check is { Name: "loop", IsRight: true });
        Assert.True(report.Elapsed > TimeSpan.Zero);
    }

    [Fact]
    public void A_backend_that_computes_something_else_or_fails_is_noticed()
    {
        Assert.All(
            new[] { WrongAead.Seals16, WrongAead.Seals32, WrongAead.OpensNothing, WrongAead.OpensAnything },
            wrong => Assert.False(KnownAnswers.AesGcmSealing(new WrongAead(wrong)), wrong));
        Assert.True(KnownAnswers.AesGcmSealing(new WrongAead("nothing")));
        Assert.False(KnownAnswers.HmacCode(new WrongHmac()));
        Assert.False(KnownAnswers.HkdfExpansion(new WrongHmac()));
        if (LibcryptoHmac.IsSupported)
        {
            Assert.True(KnownAnswers.LongerHmacCodes(LibcryptoHmac.Sha384, LibcryptoHmac.Sha512));
            Assert.False(KnownAnswers.LongerHmacCodes(new WrongHmac(), LibcryptoHmac.Sha512));
            Assert.False(KnownAnswers.LongerHmacCodes(LibcryptoHmac.Sha384, new WrongHmac()));
        }

        Assert.False(KnownAnswers.MlKemDecapsulation(new WrongKem()));
        Assert.False(KnownAnswers.MlKemDecapsulation(new RefusingKem()));
        Assert.False(new KnownAnswers.Check("P", "B", "used", () => throw new PlatformNotSupportedException()).Passes());
        Assert.All(KnownAnswers.All, check => Assert.True(check.Passes(), check.Primitive));
    }

    [Fact]
    public async Task A_certificate_that_has_ended_is_named_and_the_others_go_on()
    {
        _clock.Advance(IdentityLimits.CertificateValidity + TimeSpan.FromDays(1));
        SecureKeyExchangeReport report = await _verifier.VerifySecureKeyExchangeAsync(_alice.Identity);
        SecureKeyExchangeCheck failed = Assert.Single(report.Failures);
        Assert.Equal(("own certificate", E2EError.Expired), (failed.Name, failed.Reason));
        Assert.False(report.IsRight);
    }

    [Fact]
    public async Task The_published_list_has_to_be_the_accounts_and_to_have_this_device()
    {
        DeviceList list = DeviceList.Sign(_alice.Account, [_alice.Identity.Certificate], null, _clock);
        Assert.True((await LookAt(list.Encode())).IsRight);
        Assert.False((await LookAt(null)).IsRight);

        using DeviceIdentity other = DeviceIdentity.Create(_alice.Account, new DeviceAddress("alice", "laptop"), _clock);
        DeviceList without = DeviceList.Sign(_alice.Account, [other.Certificate], list, _clock);
        Assert.Equal(E2EError.UnlistedDevice, (await LookAt(without.Encode())).Reason);

        using var evil = Ed25519KeyPair.Generate();
        using DeviceIdentity swapped = DeviceIdentity.Create(evil, _alice.Identity.Address, _clock);
        Assert.Equal(E2EError.AccountKeyChanged, (await LookAt(DeviceList.Sign(evil, [swapped.Certificate], list, _clock).Encode())).Reason);
        byte[] changed = list.Encode();
        changed[^1] ^= 1;
        Assert.Equal(E2EError.InvalidSignature, (await LookAt(changed)).Reason);
        Assert.Equal(E2EError.InvalidEncoding, (await LookAt([1, 2, 3])).Reason);
    }

    [Fact]
    public async Task What_is_published_has_to_be_what_the_device_holds_the_keys_of()
    {
        var server = new InMemoryRelay(_clock);
        IE2ERelay relay = server.Connect(_alice.Identity.Address);
        SecureKeyExchangeCheck before = (await LookAtPreKeys(relay)).Checks[^1];
        Assert.Equal(("published prekeys", false), (before.Name, before.IsRight));

        await relay.PublishDeviceListAsync(DeviceList.Sign(_alice.Account, [_alice.Identity.Certificate], null, _clock).Encode());
        await relay.PublishPreKeysAsync(_alice.Publish().Encode());
        int left = (await relay.GetPreKeyStatusAsync()).OneTimePairs;
        SecureKeyExchangeReport report = await LookAtPreKeys(relay);
        Assert.True(report.IsRight, string.Join(", ", report.Failures));
        Assert.Contains(report.Checks, check => check is { Name: "published prekeys", IsRight: true });
        Assert.Equal(left, (await relay.GetPreKeyStatusAsync()).OneTimePairs);

        // The store was put back, or lost its prekeys: what is handed out is of another generation.
        using DevicePreKeys others = DevicePreKeys.Create(_alice.Identity, _alice.PreKeyOptions, _clock);
        report = await _verifier.VerifySecureKeyExchangeAsync(_alice.Identity, relay, others);
        Assert.Equal("published prekeys", Assert.Single(report.Failures).Name);

        var bob = new Party("bob", _clock);
        await Assert.ThrowsAsync<ArgumentException>(() => _verifier.VerifySecureKeyExchangeAsync(_alice.Identity, relay, bob.PreKeys));
    }

    [Fact]
    public async Task A_relay_that_does_not_answer_is_named_and_what_needs_none_is_in_the_report()
    {
        IE2ERelay relay = OnlyLooking.At(() => throw new E2EException(E2EError.RelayUnavailable));
        SecureKeyExchangeReport report = await _verifier.VerifySecureKeyExchangeAsync(_alice.Identity, relay);
        Assert.Equal(("published device list", E2EError.RelayUnavailable), (Assert.Single(report.Failures).Name, report.Failures[0].Reason));
        Assert.Contains(report.Checks, check => check is { Name: "loop", IsRight: true });
    }

    [Fact]
    public async Task Nothing_is_used_up_and_nothing_of_the_device_changes()
    {
        byte[] identity = _alice.Identity.Serialize();
        byte[] preKeys = _alice.PreKeys.Serialize();
        DeviceList list = DeviceList.Sign(_alice.Account, [_alice.Identity.Certificate], null, _clock);
        await _verifier.VerifySecureKeyExchangeAsync(_alice.Identity, OnlyLooking.At(() => list.Encode()));
        Assert.Equal(identity, _alice.Identity.Serialize());
        Assert.Equal(preKeys, _alice.PreKeys.Serialize());
    }

    [Fact]
    public async Task A_disposed_device_is_the_callers_mistake()
    {
        _alice.Identity.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _verifier.VerifySecureKeyExchangeAsync(_alice.Identity));
    }

    private Task<SecureKeyExchangeReport> LookAtPreKeys(IE2ERelay relay) =>
        _verifier.VerifySecureKeyExchangeAsync(_alice.Identity, relay, _alice.PreKeys);

    private async Task<SecureKeyExchangeCheck> LookAt(byte[]? list) =>
        (await _verifier.VerifySecureKeyExchangeAsync(_alice.Identity, OnlyLooking.At(() => list))).Checks[^1];

    /// <summary>A relay that shows a device list, and fails the test on any other call.</summary>
    public class OnlyLooking : DispatchProxy
    {
        private Func<byte[]?> _list = () => null;

        public static IE2ERelay At(Func<byte[]?> list)
        {
            IE2ERelay relay = Create<IE2ERelay, OnlyLooking>();
            ((OnlyLooking)(object)relay)._list = list;
            return relay;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name == nameof(IE2ERelay.GetDeviceListAsync)
            ? Task.Run(_list)
            : throw new InvalidOperationException($"{targetMethod.Name} is more than a look.");
    }

    /// <summary>What it seals otherwise it opens, too.</summary>
    private sealed class WrongAead(string wrong) : IAeadBackend
    {
        public const string Seals16 = "seals otherwise under 16 bytes";
        public const string Seals32 = "seals otherwise under 32 bytes";
        public const string OpensNothing = "opens nothing";
        public const string OpensAnything = "opens anything";

        public void Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData, Span<byte> sealedBytes)
        {
            ManagedAesGcm.Instance.Seal(key, nonce, plaintext, associatedData, sealedBytes);
            sealedBytes[0] ^= Change(key);
        }

        public bool TryOpen(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> associatedData, Span<byte> plaintext)
        {
            byte[] unchanged = sealedBytes.ToArray();
            unchanged[0] ^= Change(key);
            return wrong == OpensAnything
                || (wrong != OpensNothing && ManagedAesGcm.Instance.TryOpen(key, nonce, unchanged, associatedData, plaintext));
        }

        private byte Change(ReadOnlySpan<byte> key) => wrong == (key.Length == 16 ? Seals16 : Seals32) ? (byte)1 : (byte)0;
    }

    private sealed class WrongHmac : IHmacBackend
    {
        public void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac) => mac.Clear();

        public IKeyedHmac Keyed(ReadOnlySpan<byte> key) => new HeldKeyHmac(this, key);

        public void Extract(ReadOnlySpan<byte> ikm, ReadOnlySpan<byte> salt, Span<byte> prk) => PlatformHmac.Instance.Extract(ikm, salt, prk);

        public void Expand(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm) => okm.Clear();
    }

    /// <summary>Opens rightly, and seals to no key.</summary>
    private sealed class RefusingKem : IMlKemBackend
    {
        public void DeriveEncapsulationKey(ReadOnlySpan<byte> seed, Span<byte> encapsulationKey) =>
            ManagedMlKem.Instance.DeriveEncapsulationKey(seed, encapsulationKey);

        public bool TryEncapsulate(ReadOnlySpan<byte> encapsulationKey, Span<byte> ciphertext, Span<byte> sharedSecret) => false;

        public void Decapsulate(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret) =>
            ManagedMlKem.Instance.Decapsulate(seed, ciphertext, sharedSecret);

        public IParsedMlKemKey Parse(ReadOnlySpan<byte> seed) => ManagedMlKem.Instance.Parse(seed);
    }

    private sealed class WrongKem : IMlKemBackend
    {
        public void DeriveEncapsulationKey(ReadOnlySpan<byte> seed, Span<byte> encapsulationKey) =>
            ManagedMlKem.Instance.DeriveEncapsulationKey(seed, encapsulationKey);

        public bool TryEncapsulate(ReadOnlySpan<byte> encapsulationKey, Span<byte> ciphertext, Span<byte> sharedSecret) => true;

        public void Decapsulate(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret) => sharedSecret.Clear();

        public IParsedMlKemKey Parse(ReadOnlySpan<byte> seed) => ManagedMlKem.Instance.Parse(seed);
    }
}
