using static PulseMeet.E2E.Mls.Tests.Members;
using static PulseMeet.E2E.Mls.Tests.Rules;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>RFC 9420, sections 10 and 10.1.</summary>
public sealed class KeyPackageRules
{
    private static readonly byte[] s_initKey = Leaves.Suite.GenerateKeyPair().PublicKey;

    [Fact]
    public void Its_suite_is_the_groups()
    {
        Member[] all = Of(2);
        KeyPackage other = new Member("Dave").NewKeyPackage(MlsSuite.XWingAes256).KeyPackage;
        AssertListRefused(E2EError.MlsInvalidKeyPackage, all, new AddProposal(other));
    }

    [Fact]
    public void Its_signature_verifies()
    {
        Member[] all = Of(2);
        byte[] encoded = new Member("Dave").NewKeyPackage(Leaves.Suite).KeyPackage.Encode();
        encoded[^1] ^= 1;
        AssertListRefused(E2EError.MlsInvalidKeyPackage, all, new AddProposal(MlsEncoding.Decode<KeyPackage>(encoded)));
    }

    [Fact]
    public void Its_init_key_is_well_formed_and_not_its_leafs()
    {
        Member[] all = Of(2);
        var dave = new Member("Dave");
        LeafNode leaf = dave.NewKeyPackage(Leaves.Suite).KeyPackage.Leaf;
        foreach (byte[] initKey in new[] { leaf.EncryptionKey, new byte[32], new byte[31] })
        {
            AssertListRefused(
                E2EError.MlsInvalidKeyPackage, all, new AddProposal(KeyPackage.Sign(Leaves.Suite, initKey, leaf, [], dave.Key)));
        }
    }

    [Theory]
    [InlineData(ExtensionType.LastResort)]
    [InlineData(0x7777)]
    public void Its_extensions_are_among_its_leafs_capabilities(int type)
    {
        Member[] all = Of(2);
        var dave = new Member("Dave");
        LeafNode leaf = Leaves.KeyPackage(
            dave, said => said.With(capabilities: said.Capabilities.With(extensions: []), extensions: [])).Leaf;
        AssertListRefused(
            E2EError.MlsInvalidKeyPackage,
            all,
            new AddProposal(KeyPackage.Sign(Leaves.Suite, s_initKey, leaf, [new Extension((ushort)type, [])], dave.Key)));
        LeafNode able = Leaves.KeyPackage(
            dave, said => said.With(capabilities: said.Capabilities.With(extensions: [(ushort)type]), extensions: [])).Leaf;
        Commit(
            all,
            all[0],
            new AddProposal(KeyPackage.Sign(Leaves.Suite, s_initKey, able, [new Extension((ushort)type, [])], dave.Key)));
    }

    [Fact]
    public void No_extension_is_there_twice()
    {
        var dave = new Member("Dave");
        KeyPackage twice = KeyPackage.Sign(
            Leaves.Suite,
            s_initKey,
            dave.NewKeyPackage(Leaves.Suite).KeyPackage.Leaf,
            [new Extension(ExtensionType.LastResort, []), new Extension(ExtensionType.LastResort, [])],
            dave.Key);
        Refuses(E2EError.InvalidEncoding, () => MlsEncoding.Decode<KeyPackage>(twice.Encode()));
    }

    [Fact]
    public void Kept_keys_are_read_back_and_a_changed_byte_is_not_taken_for_them()
    {
        KeyPackageKeys keys = new Member("Dave").NewKeyPackage(Leaves.Suite);
        byte[] stored = keys.Serialize();
        Assert.True(KeyPackageKeys.Deserialize(stored).AreMatching(Leaves.Suite));
        for (int cut = 0; cut < stored.Length; cut += 7)
        {
            Assert.Throws<E2EException>(() => KeyPackageKeys.Deserialize(stored.AsSpan(0, cut)));
        }

        for (int secret = stored.Length - 99; secret < stored.Length; secret++)
        {
            byte[] changed = [.. stored];
            changed[secret] ^= 0x10;
            Assert.Throws<E2EException>(() => KeyPackageKeys.Deserialize(changed));
        }
    }
}
