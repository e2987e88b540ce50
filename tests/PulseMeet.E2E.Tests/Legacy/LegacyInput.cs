using System.Text.Json.Nodes;
using FsCheck.Xunit;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Legacy;

/// <summary>Attacks 33, 34 and 36 on the legacy decoders: nothing but the documented exception, and nothing called authentic.</summary>
public sealed class LegacyInput : IDisposable
{
    private static readonly byte[] s_key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private readonly LegacyKey _key = LegacyKey.Import(s_key);

    private LegacyCandidate[] Candidates => [new("v1", _key)];

    [Theory]
    [InlineData("{\"text\":\"hi\"}", "hi", true)]
    [InlineData("{\"content\":\"older\"}", "older", true)]
    [InlineData("{\"text\":\"new\",\"content\":\"old\"}", "new", true)]
    [InlineData("{\"media\":{}}", "", true)]
    [InlineData("just text", "just text", false)]
    [InlineData("{not json", "{not json", false)]
    [InlineData("", "", false)]
    [InlineData("[1]", "[1]", false)]
    public void The_plaintexts_of_every_age_give_their_text(string plaintext, string text, bool isJson)
    {
        LegacyPlaintext opened = LegacyMessage.Parse(Json(plaintext, s_key).ToJsonString(), null).Open(Candidates);
        Assert.Equal((text, plaintext, isJson, "v1", LegacyProtection.Encrypted),
            (opened.Text, opened.Content, opened.IsJson, opened.KeyName, opened.Protection));
    }

    [Fact]
    public void The_all_zero_key_is_recognised_with_and_without_being_a_candidate()
    {
        LegacyMessage message = LegacyMessage.Parse(Json("anyone reads this", new byte[32]).ToJsonString(), null);
        using var zero = LegacyKey.Import(new byte[32]);
        foreach (LegacyCandidate[] candidates in new[] { [], Candidates, [new LegacyCandidate("server", zero)] })
        {
            LegacyPlaintext opened = message.Open(candidates);
            Assert.Equal((LegacyProtection.ZeroKey, LegacyCandidate.ZeroKeyName), (opened.Protection, opened.KeyName));
        }
    }

    [Fact]
    public void A_plaintext_row_is_reported_apart_and_never_tried()
    {
        LegacyPlaintext opened = LegacyMessage.Parse("{\"text\":\"in the clear\"}", null, isEncrypted: false).Open([]);
        Assert.Equal((LegacyProtection.Plaintext, "in the clear", null), (opened.Protection, opened.Text, opened.KeyName));
    }

    [Fact]
    public void A_wrong_key_or_a_changed_ciphertext_fits_no_key()
    {
        JsonObject json = Json("hi", s_key);
        using var wrong = LegacyKey.Import([.. s_key.Reverse()]);
        Assert.Equal(E2EError.NoKeyFits, Refusal.Of(() => LegacyMessage.Parse(json.ToJsonString(), null).Open([new("x", wrong)])));
        json["ciphertext"] = Convert.ToBase64String([1, 2]);
        Assert.Equal(E2EError.NoKeyFits, Refusal.Of(() => LegacyMessage.Parse(json.ToJsonString(), null).Open(Candidates)));
    }

    [Theory]
    [InlineData("iv", 11)]
    [InlineData("iv", 13)]
    [InlineData("auth_tag", 15)]
    [InlineData("auth_tag", 4)]
    [InlineData("auth_tag", 0)]
    public void A_nonce_or_tag_of_another_length_is_refused(string member, int length)
    {
        JsonObject json = Json("hi", s_key);
        byte[] value = Convert.FromBase64String((string)json["metadata"]![member]!);
        json["metadata"]![member] = Convert.ToBase64String([.. value.Concat(new byte[32]).Take(length)]);
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => LegacyMessage.Parse(json.ToJsonString(), null)));
    }

    [Fact]
    public void Another_version_or_algorithm_is_refused_as_such()
    {
        JsonObject json = Json("hi", s_key);
        json["metadata"]!["version"] = 2;
        Assert.Equal(E2EError.UnsupportedVersion, Refusal.Of(() => LegacyMessage.Parse(json.ToJsonString(), null)));
        json = Json("hi", s_key);
        json["metadata"]!["algorithm"] = "aes-128-cbc";
        Assert.Equal(E2EError.UnsupportedVersion, Refusal.Of(() => LegacyMessage.Parse(json.ToJsonString(), null)));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"metadata\":1,\"ciphertext\":\"\"}")]
    [InlineData("{\"metadata\":{},\"ciphertext\":\"\"}")]
    [InlineData("{\"metadata\":{\"iv\":\"AAAAAAAAAAAAAAAA\",\"auth_tag\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}}")]
    [InlineData("{\"metadata\":{\"iv\":\"AAAAAAAAAAAAAAAA\",\"auth_tag\":\"AAAAAAAAAAAAAAAAAAAAAA==\"},\"ciphertext\":7}")]
    [InlineData("{\"metadata\":{\"iv\":\"AAAAAAAAAAAAAAAA\",\"iv\":\"AAAAAAAAAAAAAAAA\",\"auth_tag\":\"AAAAAAAAAAAAAAAAAAAAAA==\"},\"ciphertext\":\"\"}")]
    [InlineData("{\"metadata\":{\"iv\":\"*\",\"auth_tag\":\"AAAAAAAAAAAAAAAAAAAAAA==\"},\"ciphertext\":\"\"}")]
    [InlineData("not base64 !")]
    [InlineData("AAAA")]
    public void What_has_none_of_the_shapes_is_refused(string content) =>
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => LegacyMessage.Parse(content, null)));

    [Theory]
    [InlineData("iv")]
    [InlineData("auth_tag")]
    [InlineData("another")]
    public void A_lone_surrogate_in_the_metadata_is_refused_in_every_shape(string member)
    {
        JsonObject message = Json("hi", s_key);
        JsonObject metadata = message["metadata"]!.AsObject();
        metadata.Remove(member);
        metadata["x"] = 0;
        string text = member == "another" ? "\"\\ud800\":1" : $"\"{member}\":\"\\ud800\"";
        string broken = metadata.ToJsonString().Replace("\"x\":0", text, StringComparison.Ordinal);
        string json = "{\"metadata\":" + broken + ",\"ciphertext\":\"AAAA\"}";
        byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(json);
        byte[] file = System.Text.Encoding.UTF8.GetBytes(json.Replace("ciphertext", "data", StringComparison.Ordinal));
        Action[] decoders =
        [
            () => LegacyMessage.Parse(json, null),
            () => LegacyMessage.Parse(Convert.ToBase64String(utf8), null),
            () => LegacyMessage.Parse("AAAA", broken),
            () => LegacyMediaFile.Parse(file),
        ];
        Assert.All(decoders, decode => Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(decode)));
    }

    [Fact]
    public void A_plaintext_row_with_a_lone_surrogate_is_just_text()
    {
        string content = "{\"text\":\"" + '\ud800' + "\"}";
        LegacyPlaintext opened = LegacyMessage.Parse(content, null, isEncrypted: false).Open([]);
        Assert.Equal((content, false, LegacyProtection.Plaintext), (opened.Text, opened.IsJson, opened.Protection));
    }

    [Fact]
    public void Deep_nesting_and_great_length_are_refused()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5000);
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => LegacyMessage.Parse(deep, null)));
        LegacyPlaintext opened = LegacyMessage.Parse(Json(deep, s_key).ToJsonString(), null).Open(Candidates);
        Assert.False(opened.IsJson);
        string huge = new('A', LegacyMessage.MaxContentLength + 1);
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => LegacyMessage.Parse(huge, null)));
    }

    [Fact]
    public void A_column_ciphertext_that_happens_to_begin_like_json_is_still_a_ciphertext()
    {
        JsonObject json = Json("hi", s_key);
        string metadata = json["metadata"]!.ToJsonString();
        LegacyMessage message = LegacyMessage.Parse(Convert.ToBase64String("{\"x\":"u8), metadata);
        Assert.Equal(LegacyShape.Column, message.Shape);
    }

    [Fact]
    public void Media_files_of_any_content_open_and_bad_ones_are_refused()
    {
        byte[] content = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];
        JsonObject json = Json(content, s_key, "data");
        LegacyMedia media = LegacyMediaFile.Parse(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString())).Open(Candidates);
        Assert.Equal(content, media.Content.ToArray());
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => LegacyMediaFile.Parse("{}"u8.ToArray())));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => LegacyMediaFile.Parse(Array.Empty<byte>())));
    }

    [Property(MaxTest = 300)]
    public bool Arbitrary_input_is_refused_with_a_reason(string content, string metadata, byte[] file) =>
        Refusal.IsDocumented(() => LegacyMessage.Parse(content ?? string.Empty, metadata).Open(Candidates))
        && Refusal.IsDocumented(() => LegacyMessage.Parse("{" + content, metadata).Open(Candidates))
        && Refusal.IsDocumented(() => LegacyMessage.Parse(Convert.ToBase64String(file), metadata).Open(Candidates))
        && Refusal.IsDocumented(() => LegacyMediaFile.Parse(file).Open(Candidates));

    public void Dispose() => _key.Dispose();

    private static JsonObject Json(string plaintext, byte[] key) =>
        Json(System.Text.Encoding.UTF8.GetBytes(plaintext), key, "ciphertext");

    private static JsonObject Json(byte[] plaintext, byte[] key, string member)
    {
        byte[] nonce = new byte[12];
        byte[] sealedBytes = new byte[plaintext.Length + 16];
        AesGcm256.Seal(key, nonce, plaintext, default, sealedBytes);
        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["key_id"] = "",
                ["algorithm"] = "aes-256-gcm",
                ["iv"] = Convert.ToBase64String(nonce),
                ["auth_tag"] = Convert.ToBase64String(sealedBytes.AsSpan(plaintext.Length)),
                ["version"] = 1,
            },
            [member] = Convert.ToBase64String(sealedBytes.AsSpan(0, plaintext.Length)),
        };
    }
}
