using System.Text.Json;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>crypto-basics, key-schedule, psk_secret, secret-tree and transcript-hashes.</summary>
internal static class KeyVectors
{
    public static bool CryptoBasicsHold(JsonElement entry, MlsSuite suite)
    {
        JsonElement hash = entry.GetProperty("ref_hash");
        JsonElement expand = entry.GetProperty("expand_with_label");
        JsonElement derive = entry.GetProperty("derive_secret");
        JsonElement tree = entry.GetProperty("derive_tree_secret");
        return hash.Is("out", suite.RefHash(Label(hash), hash.Bytes("value")))
            && expand.Is("out", suite.ExpandWithLabel(
                expand.Secret("secret"), Label(expand), expand.Bytes("context"), expand.GetProperty("length").GetInt32()))
            && derive.Is("out", suite.DeriveSecret(derive.Secret("secret"), Label(derive)))
            && tree.Is("out", suite.DeriveTreeSecret(
                tree.Secret("secret"), Label(tree), tree.GetProperty("generation").GetUInt32(), tree.GetProperty("length").GetInt32()))
            && SigningHolds(entry.GetProperty("sign_with_label"), suite)
            && EncryptionHolds(entry.GetProperty("encrypt_with_label"), suite);
    }

    public static bool KeyScheduleHolds(JsonElement entry, MlsSuite suite)
    {
        MlsSecret init = entry.Secret("initial_init_secret");
        ulong number = 0;
        foreach (JsonElement epoch in entry.GetProperty("epochs").EnumerateArray())
        {
            var context = new GroupContext
            {
                Suite = suite.Id,
                GroupId = entry.Bytes("group_id"),
                Epoch = number++,
                TreeHash = epoch.Bytes("tree_hash"),
                ConfirmedTranscriptHash = epoch.Bytes("confirmed_transcript_hash"),
                Extensions = [],
            };
            MlsSecret joiner = KeySchedule.Joiner(suite, init, epoch.Secret("commit_secret"), context);
            MlsSecret member = KeySchedule.Member(suite, joiner, epoch.Secret("psk_secret"));
            EpochSecrets secrets = KeySchedule.Epoch(suite, member, context);
            JsonElement export = epoch.GetProperty("exporter");
            if (!epoch.Is("group_context", context.Encoded)
                || !epoch.Is("joiner_secret", joiner)
                || !epoch.Is("welcome_secret", KeySchedule.Welcome(suite, member))
                || !epoch.Is("init_secret", secrets.Init)
                || !epoch.Is("sender_data_secret", secrets.SenderData)
                || !epoch.Is("encryption_secret", secrets.Encryption!)
                || !epoch.Is("exporter_secret", secrets.Exporter)
                || !epoch.Is("epoch_authenticator", secrets.Authenticator)
                || !epoch.Is("external_secret", secrets.External)
                || !epoch.Is("confirmation_key", secrets.ConfirmationKey)
                || !epoch.Is("membership_key", secrets.MembershipKey)
                || !epoch.Is("resumption_psk", secrets.Resumption)
                || !epoch.Is("external_pub", secrets.ExternalKeyPair(suite).PublicKey)
                || !export.Is("secret", secrets.Export(
                    suite, Label(export), export.Bytes("context"), export.GetProperty("length").GetInt32())))
            {
                return false;
            }

            init = secrets.Init;
        }

        return true;
    }

    public static bool PskSecretHolds(JsonElement entry, MlsSuite suite)
    {
        (PreSharedKeyId, MlsSecret)[] psks =
        [
            .. entry.GetProperty("psks").EnumerateArray().Select(psk =>
                (PreSharedKeyId.External(psk.Bytes("psk_id"), psk.Bytes("psk_nonce")), psk.Secret("psk"))),
        ];
        return entry.Is("psk_secret", KeySchedule.PskSecret(suite, psks));
    }

    public static bool SecretTreeHolds(JsonElement entry, MlsSuite suite)
    {
        JsonElement sender = entry.GetProperty("sender_data");
        byte[] key = new byte[suite.Aead.KeySize];
        byte[] nonce = new byte[12];
        SenderData.Keys(suite, sender.Secret("sender_data_secret"), sender.Bytes("ciphertext"), key, nonce);
        JsonElement leaves = entry.GetProperty("leaves");
        var tree = new SecretTree(suite, (uint)leaves.GetArrayLength(), entry.Secret("encryption_secret"));
        bool holds = sender.Is("key", key) && sender.Is("nonce", nonce);
        uint leaf = 0;
        foreach (JsonElement generations in leaves.EnumerateArray())
        {
            foreach (JsonElement generation in generations.EnumerateArray())
            {
                holds &= RatchetGives(tree, leaf, ContentType.Application, generation, "application")
                    && RatchetGives(tree, leaf, ContentType.Commit, generation, "handshake");
            }

            leaf++;
        }

        return holds;
    }

    public static bool TranscriptHashesHold(JsonElement entry, MlsSuite suite)
    {
        var content = MlsEncoding.Decode<AuthenticatedContent>(entry.Bytes("authenticated_content"));
        byte[] confirmed = TranscriptHash.Confirmed(suite, entry.Bytes("interim_transcript_hash_before"), content);
        return entry.Is("confirmed_transcript_hash_after", confirmed)
            && suite.Mac(entry.Secret("confirmation_key"), confirmed).AsSpan().SequenceEqual(content.ConfirmationTag)
            && entry.Is("interim_transcript_hash_after", TranscriptHash.Interim(suite, confirmed, content.ConfirmationTag));
    }

    private static bool RatchetGives(SecretTree tree, uint leaf, ContentType type, JsonElement generation, string prefix)
    {
        uint number = generation.GetProperty("generation").GetUInt32();
        HashRatchet ratchet = tree.Ratchet(leaf, type);
        using MessageKey key = ratchet.Look(number, uint.MaxValue);
        bool holds = generation.Is(prefix + "_key", key.Key) && generation.Is(prefix + "_nonce", key.Nonce);
        ratchet.Consume(number, int.MaxValue, 0);
        return holds;
    }

    private static bool SigningHolds(JsonElement sign, MlsSuite suite)
    {
        using var key = MlsSignatureKey.Import(sign.Bytes("priv"));
        byte[] content = sign.Bytes("content");
        return suite.VerifyWithLabel(sign.Bytes("pub"), Label(sign), content, sign.Bytes("signature"))
            && suite.VerifyWithLabel(sign.Bytes("pub"), Label(sign), content, suite.SignWithLabel(key, Label(sign), content));
    }

    private static bool EncryptionHolds(JsonElement encrypt, MlsSuite suite)
    {
        using MlsSecret key = encrypt.Secret("priv");
        byte[] context = encrypt.Bytes("context");
        var given = new HpkeCiphertext(encrypt.Bytes("kem_output"), encrypt.Bytes("ciphertext"));
        HpkeCiphertext own = suite.EncryptWithLabel(encrypt.Bytes("pub"), Label(encrypt), context, encrypt.Bytes("plaintext"));
        return suite.DecryptWithLabel(key, Label(encrypt), context, given) is { } opened && encrypt.Is("plaintext", opened)
            && suite.DecryptWithLabel(key, Label(encrypt), context, own) is { } back && encrypt.Is("plaintext", back);
    }

    private static byte[] Label(JsonElement entry) => System.Text.Encoding.UTF8.GetBytes(entry.Text("label"));
}
