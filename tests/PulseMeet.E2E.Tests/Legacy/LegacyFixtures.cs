using System.Text.Json;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Review.Legacy;

namespace PulseMeet.E2E.Tests.Legacy;

/// <summary>Everything that the deployed client wrote opens: derivations byte for byte, messages and media by trying keys.</summary>
public sealed class LegacyFixtures
{
    private static readonly JsonDocument s_document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine("Fixtures", "legacy.json")));
    private static readonly LegacyFile s_file = new(s_document.RootElement);

    [Fact]
    public void Every_derivation_is_byte_for_byte_the_legacy_clients()
    {
        Assert.NotEmpty(s_file.Derivations);
        foreach (JsonElement entry in s_file.Derivations)
        {
            using var derived = new DerivationEntry(entry);
            Assert.Empty(derived.Differences(entry));
        }
    }

    [Fact]
    public void Every_message_and_media_file_opens_by_trying_candidate_keys()
    {
        Assert.Equal((72, 6), (s_file.Messages.Count, s_file.Media.Count));
        Assert.Equal(0, VerifyLegacy.Check(s_file));
    }

    [Fact]
    public void The_check_notices_a_wrong_key_a_wrong_text_and_an_empty_file()
    {
        string json = s_document.RootElement.GetRawText();
        string firstText = LegacyFile.Text(s_file.Messages[0], "text");
        Assert.Equal(1, Check(json.Replace(JsonSerializer.Serialize(firstText), "\"another\"", StringComparison.Ordinal)));
        string auth = LegacyFile.Text(s_file.Derivations[0], "v1_auth_key");
        Assert.Equal(1, Check(json.Replace(auth, Convert.ToBase64String(new byte[32]), StringComparison.Ordinal)));
        string secret = LegacyFile.Text(s_file.Derivations[0], "shared_secret");
        Assert.Equal(1, Check(json.Replace(secret, Convert.ToBase64String(new byte[32]), StringComparison.Ordinal)));
        Assert.Equal(1, Check(json.Replace("\"key_name\": \"v0\"", "\"key_name\": \"v1\"", StringComparison.Ordinal)
            .Replace("\"key_name\":\"v0\"", "\"key_name\":\"v1\"", StringComparison.Ordinal)));
        Assert.Equal(0, Check(json.Replace("pulse_random", "server", StringComparison.Ordinal)));
        Assert.Equal(1, Check(json.Replace("\"messages\"", "\"letters\"", StringComparison.Ordinal)));
        Assert.Equal(1, Check("{}"));
        Assert.Equal(0, Check(json));
    }

    [Fact]
    public void Legacy_names_are_as_the_client_makes_them()
    {
        var smaller = Guid.Parse("3749bbbd-2c44-4f24-a534-7ee8a978d626");
        var larger = Guid.Parse("6D5C35C0-122E-4C4C-A979-3405A84AE361");
        string expected = LegacyFile.Text(s_file.Derivations[0], "conversation_id");
        Assert.Equal(expected, LegacyNames.DirectConversationId(smaller, larger));
        Assert.Equal(expected, LegacyNames.DirectConversationId(larger, smaller));
        using X25519KeyPair pair = X25519KeyPair.Generate();
        string digest = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(pair.PublicKey.Span));
        Assert.Equal(digest[..16], LegacyNames.Fingerprint(pair.PublicKey));
    }

    [Fact]
    public void The_legacy_concatenation_collides_where_the_current_schedule_does_not()
    {
        var legacy = new LegacyKeyDerivation();
        var current = new KeyDerivationService(new KeyDerivationOptions(), TimeProvider.System);
        using LegacyKey secret = LegacyKey.Import(new byte[32]);
        using LegacyKey one = legacy.DeriveV1MediaKey(secret, "photo1", "2_room");
        using LegacyKey two = legacy.DeriveV1MediaKey(secret, "photo12", "_room");
        Assert.True(one.FixedTimeEquals(two));

        using var master = MasterKey.Import(new byte[32]);
        using BackupKey first = current.DeriveBackupKey(master, "photo1", "2_room");
        using BackupKey second = current.DeriveBackupKey(master, "photo12", "_room");
        Assert.False(first.FixedTimeEquals(second));
    }

    private static int Check(string json)
    {
        using var document = JsonDocument.Parse(json);
        return VerifyLegacy.Check(new LegacyFile(document.RootElement));
    }
}
