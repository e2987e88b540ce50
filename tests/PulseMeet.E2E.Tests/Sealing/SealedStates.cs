using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Sealing;

/// <summary>Attacks 32, 34 and 56: a backup and a device's state open under their key and name, and as nothing else.</summary>
public sealed class SealedStates
{
    private static readonly byte[] s_key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly BackupKey s_backup = BackupKey.Import(s_key);
    private static readonly DeviceKey s_device = DeviceKey.Import(s_key);

    [Property(MaxTest = 50)]
    public bool What_was_sealed_opens_under_its_name(byte[] content) =>
        StateSealer.Open(s_backup, "part 1", StateSealer.Seal(s_backup, "part 1", content)).AsSpan().SequenceEqual(content)
        && StateSealer.Open(s_device, "session", StateSealer.Seal(s_device, "session", content)).AsSpan().SequenceEqual(content);

    [Fact]
    public void One_state_in_anothers_place_does_not_open()
    {
        byte[] first = StateSealer.Seal(s_backup, "part 1", "one"u8);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => StateSealer.Open(s_backup, "part 2", first)));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => StateSealer.Open(s_backup, "part 1 ", first)));
        using BackupKey other = BackupKey.Import([.. s_key.Reverse()]);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => StateSealer.Open(other, "part 1", first)));
    }

    [Fact]
    public void One_kind_of_key_with_anothers_bytes_opens_nothing_of_the_other_kind()
    {
        byte[] backup = StateSealer.Seal(s_backup, "x", "one"u8);
        byte[] state = StateSealer.Seal(s_device, "x", "one"u8);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => StateSealer.Open(s_device, "x", backup)));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => StateSealer.Open(s_backup, "x", state)));
        var sealer = new MessageSealer(new MessageSealingOptions());
        using ArchiveKey archive = ArchiveKey.Import(s_key);
        Assert.Equal(
            E2EError.NotAuthentic, Refusal.Of(() => sealer.Open(archive, backup, new MessageContext("x", "x", "x", "x"))));
    }

    [Fact]
    public void A_changed_bit_or_another_length_is_refused_with_its_reason()
    {
        byte[] state = StateSealer.Seal(s_device, "x", "one"u8);
        for (int i = 0; i < state.Length; i++)
        {
            byte[] changed = [.. state];
            changed[i] ^= 1;
            Assert.Equal(
                i == 0 ? E2EError.UnsupportedVersion : E2EError.NotAuthentic,
                Refusal.Of(() => StateSealer.Open(s_device, "x", changed)));
            Assert.Throws<E2EException>(() => StateSealer.Open(s_device, "x", state.AsSpan(0, i)));
        }

        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => StateSealer.Open(s_device, "x", [.. state, 0])));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => StateSealer.Open(s_device, "x", default)));
    }

    [Fact]
    public void Two_seals_of_one_content_share_nothing_and_short_contents_have_one_length()
    {
        byte[] first = StateSealer.Seal(s_device, "x", "one"u8);
        byte[] second = StateSealer.Seal(s_device, "x", "one"u8);
        Assert.NotEqual(first[1..25], second[1..25]);
        Assert.NotEqual(first[25..], second[25..]);
        Assert.Equal(first.Length, StateSealer.Seal(s_device, "x", new byte[63]).Length);
    }

    [Fact]
    public void What_is_too_long_or_has_no_name_is_a_callers_mistake()
    {
        Assert.Throws<ArgumentException>(() => StateSealer.Seal(s_device, "x", new byte[StateSealer.MaxContentSize + 1]));
        Assert.Throws<ArgumentException>(() => StateSealer.Seal(s_device, "", default));
        Assert.Throws<ArgumentException>(() => StateSealer.Seal(s_backup, new string('x', 256), default));
        Assert.Throws<ArgumentException>(() => StateSealer.Open(s_backup, "", default));
        Assert.Throws<ArgumentNullException>(() => StateSealer.Seal((BackupKey)null!, "x", default));
        Assert.Throws<ArgumentNullException>(() => StateSealer.Open((BackupKey)null!, "x", default));
    }

    [Fact]
    public void The_longest_content_under_the_longest_name_opens_again()
    {
        string name = new('x', StateSealer.MaxNameSize);
        byte[] content = new byte[StateSealer.MaxContentSize];
        content[^1] = 7;
        byte[] opened = StateSealer.Open(s_device, name, StateSealer.Seal(s_device, name, content));
        Assert.True(opened.AsSpan().SequenceEqual(content));
    }
}
