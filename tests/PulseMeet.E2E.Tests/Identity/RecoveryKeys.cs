using FsCheck.Xunit;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Identity;

/// <summary>The key that a user writes down: read again however it was written, a mistyped one named, and its copy of the account key
/// opened by nothing else.</summary>
public sealed class RecoveryKeys
{
    /// <summary>One key for all runs: a mistake that its check lets through would do so every time.</summary>
    private static readonly string s_written = RecoveryKeyText.Write(Enumerable.Range(1, RecoveryKey.KeySize).Select(i => (byte)(i * 7)).ToArray());

    [Fact]
    public void What_was_written_down_opens_the_copy_and_gives_the_same_account()
    {
        using var account = Ed25519KeyPair.Generate();
        using var key = RecoveryKey.Generate();
        byte[] copy = key.Seal(account, "alice");
        using RecoveryKey read = RecoveryKey.Parse(key.ToText());
        using Ed25519KeyPair opened = read.Open(copy, "alice");
        Assert.True(opened.FixedTimeEquals(account));
        Assert.True(read.FixedTimeEquals(key));
        Assert.Equal(RecoveryKey.CopySize, copy.Length);
        Assert.InRange(copy.Length, 1, RelayLimits.MaxRecoveryCopySize);
    }

    [Fact]
    public void It_is_14_groups_of_four_characters_without_look_alikes()
    {
        Assert.Matches("^([0-9A-HJKMNP-TV-Z]{4}-){13}[0-9A-HJKMNP-TV-Z]{4}$", s_written);
        using var another = RecoveryKey.Generate();
        Assert.NotEqual(s_written, another.ToText());
    }

    [Fact]
    public void Either_case_any_grouping_and_look_alikes_are_read()
    {
        string characters = s_written.Replace("-", string.Empty, StringComparison.Ordinal);
        string[] forms =
        [
            s_written, characters, characters.ToLowerInvariant(), s_written.Replace('-', ' '), $"\t{s_written}\r\n",
            s_written.Replace('-', '\u2011'), s_written.Replace('-', '\u00A0'), string.Join('\n', characters.Chunk(7).Select(row => new string(row))),
            s_written.Replace('0', 'O').Replace('1', 'l'), s_written.Replace('0', 'o').Replace('1', 'I'),
        ];
        using RecoveryKey key = RecoveryKey.Parse(s_written);
        Assert.All(forms, form =>
        {
            using RecoveryKey read = RecoveryKey.Parse(form);
            Assert.True(read.FixedTimeEquals(key));
        });
    }

    [Fact]
    public void Every_exchanged_character_is_named()
    {
        const string alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        var seen = new HashSet<E2EError>();
        for (int at = 0; at < s_written.Length; at++)
        {
            foreach (char other in alphabet.Where(other => s_written[at] != '-' && other != s_written[at]))
            {
                char[] typed = s_written.ToCharArray();
                typed[at] = other;
                seen.Add(Refusal.Of(() => RecoveryKey.Parse(typed)));
            }
        }

        Assert.Equal([E2EError.UnsupportedVersion, E2EError.RecoveryKeyMistyped], seen.Order());
    }

    [Fact]
    public void Two_neighbours_swapped_are_named()
    {
        string characters = s_written.Replace("-", string.Empty, StringComparison.Ordinal);
        for (int at = 1; at + 1 < characters.Length; at++)
        {
            if (characters[at] != characters[at + 1])
            {
                string typed = characters[..at] + characters[at + 1] + characters[at] + characters[(at + 2)..];
                Assert.Equal(E2EError.RecoveryKeyMistyped, Refusal.Of(() => RecoveryKey.Parse(typed)));
            }
        }
    }

    [Fact]
    public void Too_few_too_many_and_other_characters_are_refused()
    {
        string[] others =
        [
            string.Empty, s_written[..^1], s_written + "0", s_written.Replace(s_written[0], 'U'), s_written[..^1] + "٣",
            s_written[..^1] + "!", s_written[..^1] + "\u0410", new string('-', 100_000), s_written + new string(' ', 300),
        ];
        Assert.All(others, text => Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => RecoveryKey.Parse(text))));
    }

    [Fact]
    public void A_copy_opens_under_no_other_key_and_for_no_other_user()
    {
        using var account = Ed25519KeyPair.Generate();
        using var key = RecoveryKey.Generate();
        using var other = RecoveryKey.Generate();
        byte[] copy = key.Seal(account, "alice");
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => other.Open(copy, "alice")));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => key.Open(copy, "bob")));
    }

    [Fact]
    public void No_changed_bit_and_no_exchanged_public_key_leaves_a_copy_that_opens()
    {
        using var account = Ed25519KeyPair.Generate();
        using var key = RecoveryKey.Generate();
        byte[] copy = key.Seal(account, "alice");
        for (int bit = 0; bit < copy.Length * 8; bit++)
        {
            byte[] changed = [.. copy];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(bit < 8 ? E2EError.UnsupportedVersion : E2EError.NotAuthentic, Refusal.Of(() => key.Open(changed, "alice")));
        }
    }

    [Fact]
    public void Every_other_length_is_refused()
    {
        using var account = Ed25519KeyPair.Generate();
        using var key = RecoveryKey.Generate();
        byte[] longer = [.. key.Seal(account, "alice"), .. new byte[100]];
        foreach (int length in Enumerable.Range(0, longer.Length).Where(length => length != RecoveryKey.CopySize))
        {
            Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => key.Open(longer.AsSpan(0, length), "alice")));
        }
    }

    [Fact]
    public void Two_copies_of_one_account_under_one_key_share_no_salt_and_no_nonce()
    {
        using var account = Ed25519KeyPair.Generate();
        using var key = RecoveryKey.Generate();
        byte[][] copies = [.. Enumerable.Range(0, 50).Select(_ => key.Seal(account, "alice"))];
        Assert.Equal(50, copies.Select(copy => Convert.ToHexString(copy, 1, 44)).Distinct().Count());
    }

    [Fact]
    public void It_prints_nothing_and_serves_no_more_after_its_disposal()
    {
        var key = RecoveryKey.Parse(s_written);
        Assert.Equal("RecoveryKey", key.ToString());
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.ToText());
    }

    [Property(MaxTest = 500)]
    public bool Arbitrary_text_and_bytes_are_refused_with_a_reason(string? text, byte[] copy)
    {
        using RecoveryKey key = RecoveryKey.Parse(s_written);
        return Refusal.IsDocumented(() => RecoveryKey.Parse(text)) && Refusal.IsDocumented(() => key.Open(copy, "alice"));
    }

    [Property(MaxTest = 200)]
    public bool Base32_reads_what_it_wrote_and_nothing_that_is_spelt_otherwise(byte[] bytes)
    {
        char[] text = new char[CrockfordBase32.LengthOf(bytes.Length)];
        CrockfordBase32.Write(bytes, text);
        byte[] read = new byte[bytes.Length];
        CrockfordBase32.Read(text, read);
        return read.AsSpan().SequenceEqual(bytes);
    }
}
