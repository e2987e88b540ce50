using System.Text;
using FsCheck.Xunit;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Legacy;

/// <summary>A legacy file costs what it decodes to, whatever its JSON looks like, and decodes as it always did.</summary>
public sealed class LegacyMemory : IDisposable
{
    private const int Small = 64 * 1024;
    private static readonly byte[] s_key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private readonly LegacyKey _key = LegacyKey.Import(s_key);

    [Theory]
    [InlineData("")]
    [InlineData("/+")]
    [InlineData("/+ABCDEFGHIJKLMNOPQRSTUVWXYZ")]
    public void Parsing_and_opening_take_no_more_than_what_the_base64_decodes_to(string escaped)
    {
        byte[] content = new byte[6 * 1024 * 1024];
        new Random(1).NextBytes(content);
        byte[] file = File(content, text => Escape(text, escaped));
        LegacyMediaFile.Parse(file).Open([new("v1", _key)]);

        long before = GC.GetAllocatedBytesForCurrentThread();
        LegacyMediaFile parsed = LegacyMediaFile.Parse(file);
        long parsing = GC.GetAllocatedBytesForCurrentThread() - before;
        LegacyMedia opened = parsed.Open([new("v1", _key)]);
        long opening = GC.GetAllocatedBytesForCurrentThread() - before - parsing;

        Assert.True(opened.Content.Span.SequenceEqual(content));
        Assert.InRange(parsing, content.Length, (file.Length / 4 * 3) + Small);
        Assert.InRange(opening, content.Length, content.Length + Small);
    }

    [Fact]
    public void Members_that_are_passed_over_take_no_memory()
    {
        string rest = string.Concat(Enumerable.Repeat(",\"x\":[{\"y\":\"" + new string('z', 3000) + "\"}]", 1000))
            + ",\"ones\":[1" + string.Concat(Enumerable.Repeat(",1", 500_000)) + "]";
        byte[] file = File([1, 2, 3], text => text, rest);
        LegacyMediaFile.Parse(file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        LegacyMediaFile.Parse(file);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Small);
    }

    [Property(MaxTest = 300)]
    public bool Base64_of_any_length_with_any_of_its_characters_escaped_and_spaced_decodes_to_the_same(ushort length, string escaped, byte spaces)
    {
        byte[] content = new byte[length % 9000];
        new Random(length).NextBytes(content);
        byte[] file = File(content, text => Escape(Space(text, spaces), (escaped ?? "") + "=\n "));
        return LegacyMediaFile.Parse(file).Open([new("v1", _key)]).Content.Span.SequenceEqual(content);
    }

    [Theory]
    [InlineData("AAA\\u003d=")]
    [InlineData("AA==\\u0041")]
    [InlineData("AAA\\u0041A")]
    [InlineData("AAA\\u0141")]
    [InlineData("AAA\\ud83d")]
    [InlineData("AAA\\u0041AAA\\\"")]
    [InlineData("AAA\\b")]
    [InlineData("=\\u0041AA")]
    [InlineData("AAA\u00e9\\u0041")]
    public void Escaped_text_that_is_not_base64_is_refused(string text)
    {
        byte[] file = File([1], _ => text);
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => LegacyMediaFile.Parse(file)));
    }

    [Theory]
    [InlineData("{\"data\":\"AAAA\",", "\"data\":\"AAAA\"}")]
    [InlineData("{\"dat\\u0061\":\"AAAA\",", "\"data\":\"AAAA\"}")]
    [InlineData("{", "\"data\":\"AAAA\"} x")]
    [InlineData("{", "\"data\":\"AAAA\"}{}")]
    [InlineData("[{", "\"data\":\"AAAA\"}]")]
    [InlineData("{", "\"data\":[\"AAAA\"]}")]
    [InlineData("{\"metadata\":{},", "\"data\":\"AAAA\"}")]
    public void A_file_that_two_readers_could_read_apart_is_refused(string before, string after)
    {
        const string Metadata = "\"metadata\":{\"iv\":\"AAAAAAAAAAAAAAAA\",\"auth_tag\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}";
        Assert.Equal(E2EError.NoKeyFits, Refusal.Of(() => Parse("{" + Metadata + ",\"data\":\"AAAA\"}").Open([])));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => Parse(before + Metadata + "," + after)));
    }

    public void Dispose() => _key.Dispose();

    private static LegacyMediaFile Parse(string json) => LegacyMediaFile.Parse(System.Text.Encoding.UTF8.GetBytes(json));

    private static byte[] File(byte[] content, Func<string, string> write, string rest = "")
    {
        byte[] nonce = new byte[12];
        byte[] sealedBytes = new byte[content.Length + 16];
        AesGcm256.Seal(s_key, nonce, content, default, sealedBytes);
        string tag = Convert.ToBase64String(sealedBytes.AsSpan(content.Length));
        string data = write(Convert.ToBase64String(sealedBytes.AsSpan(0, content.Length)));
        return System.Text.Encoding.UTF8.GetBytes(
            $"{{\"metadata\":{{\"iv\":\"{Convert.ToBase64String(nonce)}\",\"auth_tag\":\"{tag}\"}},\"data\":\"{data}\"{rest}}}");
    }

    private static string Space(string text, byte every)
    {
        var spaced = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            spaced.Append(text[i]).Append(i % (every + 1) == 0 ? " \n" : "");
        }

        return spaced.Append(" \n").ToString();
    }

    private static string Escape(string text, string escaped)
    {
        var written = new StringBuilder(text.Length);
        foreach (char character in text)
        {
            if (escaped.Contains(character, StringComparison.Ordinal) || character == '\n')
            {
                written.Append(character == '/' ? "\\/" : $"\\u{(int)character:x4}");
            }
            else
            {
                written.Append(character);
            }
        }

        return written.ToString();
    }
}
