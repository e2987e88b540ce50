using System.Buffers.Binary;
using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>What a peer says about a file cannot harm the one who shows it.</summary>
public sealed class MediaReferences
{
    [Fact]
    public void A_reference_survives_its_encoding_and_opens_the_file()
    {
        Sample sample = Sample.OfThreeSegments();
        using MediaReference full = With(new MediaDescription("media-1", MediaKind.Image)
        {
            FileName = "Sonnenuntergang – Foto.jpg",
            MediaType = "image/jpeg",
            Width = 4000,
            Height = 3000,
            DurationMilliseconds = 1,
            Thumbnail = Sample.Bytes(3000),
        });
        byte[] encoded = full.Encode();
        Assert.Equal(full.EncodedSize, encoded.Length);
        using MediaReference decoded = MediaReference.Decode(encoded);
        Assert.Equal(encoded, decoded.Encode());
        Assert.Equal("Sonnenuntergang – Foto.jpg", decoded.FileName);
        Assert.Equal("image/jpeg", decoded.MediaType);
        Assert.Equal(MediaWarnings.None, decoded.Warnings);
        Assert.Equal((4000u, 3000u, 1ul), (decoded.Width, decoded.Height, decoded.DurationMilliseconds));
        Assert.Equal(Sample.Bytes(3000), decoded.Thumbnail.ToArray());

        using MediaReference again = MediaReference.Decode(sample.Reference.Encode());
        byte[] content = new byte[again.Length];
        MediaOpener.Open(again, sample.Sealed, content);
        Assert.Equal(sample.Content, content);
    }

    [Theory]
    [InlineData("photo.jpg", "photo.jpg", MediaWarnings.None)]
    [InlineData("../../etc/passwd", "passwd", MediaWarnings.PathRemoved | MediaWarnings.NotKnownPassive)]
    [InlineData("..\\..\\a.png", "a.png", MediaWarnings.PathRemoved)]
    [InlineData("C:\\Users\\me\\a.png", "a.png", MediaWarnings.PathRemoved)]
    [InlineData("a.png:evil", "evil", MediaWarnings.PathRemoved | MediaWarnings.NotKnownPassive)]
    [InlineData("photo\u202Egpj.exe", "photogpj.exe", MediaWarnings.BidirectionalOverrideRemoved | MediaWarnings.ExecutableExtension | MediaWarnings.NotKnownPassive)]
    [InlineData("a\u2066b\u2069c\u200B.png", "abc.png", MediaWarnings.BidirectionalOverrideRemoved)]
    [InlineData("a\0b\r\nc.png", "a_b__c.png", MediaWarnings.ControlCharactersRemoved)]
    [InlineData("a|b?.png", "a_b_.png", MediaWarnings.ControlCharactersRemoved)]
    [InlineData("..", "file", MediaWarnings.NameReplaced | MediaWarnings.NotKnownPassive)]
    [InlineData("dir/", "file", MediaWarnings.PathRemoved | MediaWarnings.NameReplaced | MediaWarnings.NotKnownPassive)]
    [InlineData("con.png", "_con.png", MediaWarnings.NameReplaced)]
    [InlineData("LPT1", "_LPT1", MediaWarnings.NameReplaced | MediaWarnings.NotKnownPassive)]
    [InlineData("shell.exe. ", "shell.exe", MediaWarnings.NameReplaced | MediaWarnings.ExecutableExtension | MediaWarnings.NotKnownPassive)]
    [InlineData("", "", MediaWarnings.NotKnownPassive)]
    public void A_name_comes_out_safe_and_says_what_was_wrong(string sent, string shown, MediaWarnings warnings)
    {
        using MediaReference reference = With(new MediaDescription("media-1", MediaKind.File) { FileName = sent });
        Assert.Equal(shown, reference.FileName);
        Assert.Equal(warnings, reference.Warnings);
    }

    [Theory]
    [InlineData("a.jpg", "image/jpeg", MediaKind.Image, MediaWarnings.None)]
    [InlineData("a.JPG", "IMAGE/JPEG", MediaKind.Image, MediaWarnings.None)]
    [InlineData("a.exe", "image/jpeg", MediaKind.Image, MediaWarnings.ExtensionDoesNotFit | MediaWarnings.ExecutableExtension | MediaWarnings.NotKnownPassive)]
    [InlineData("a.jpg.bat", "image/jpeg", MediaKind.Image, MediaWarnings.ExtensionDoesNotFit | MediaWarnings.ExecutableExtension | MediaWarnings.NotKnownPassive)]
    [InlineData("a.unknown", "image/jpeg", MediaKind.Image, MediaWarnings.ExtensionDoesNotFit | MediaWarnings.NotKnownPassive)]
    [InlineData("a.pdf", "image/png", MediaKind.Image, MediaWarnings.ExtensionDoesNotFit | MediaWarnings.NotKnownPassive)]
    [InlineData("a.pdf", "application/pdf", MediaKind.Image, MediaWarnings.KindDoesNotFit | MediaWarnings.NotKnownPassive)]
    [InlineData("a.html", "text/plain", MediaKind.File, MediaWarnings.ExtensionDoesNotFit | MediaWarnings.NotKnownPassive)]
    [InlineData("a.exe", "", MediaKind.Image, MediaWarnings.KindDoesNotFit | MediaWarnings.ExecutableExtension | MediaWarnings.NotKnownPassive)]
    [InlineData("a.own", "application/vnd.own", MediaKind.File, MediaWarnings.NotKnownPassive)]
    [InlineData("a.png", "image/png; charset=x", MediaKind.File, MediaWarnings.MediaTypeReplaced)]
    [InlineData("a.png", "../image", MediaKind.File, MediaWarnings.MediaTypeReplaced)]
    [InlineData("a.png", "image/\u202Epng", MediaKind.File, MediaWarnings.MediaTypeReplaced)]
    public void A_type_that_does_not_fit_the_extension_or_the_kind_is_flagged(
        string name, string mediaType, MediaKind kind, MediaWarnings warnings)
    {
        using MediaReference reference = With(new MediaDescription("media-1", kind) { FileName = name, MediaType = mediaType });
        Assert.Equal(warnings, reference.Warnings);
        Assert.DoesNotContain('\u202E', reference.MediaType);
    }

    [Theory]
    [InlineData(MediaWarnings.ExecutableExtension, "msc jnlp xll docm settingcontent-ms inetloc mobileconfig terminal wsc msp search-ms appref-ms webloc fileloc")]
    [InlineData(MediaWarnings.NotKnownPassive, "html htm svg xhtml mht pdf zip 7z rar docx xlsx pptx rtf csv md xml json m3u8 torrent eml ics vcf one odt")]
    [InlineData(MediaWarnings.NotKnownPassive, "made-up \u0456pg jpg\u3002exe")]
    public void A_file_that_is_not_known_to_be_passive_is_never_without_a_warning(MediaWarnings expected, string extensions)
    {
        foreach (string extension in extensions.Split(' '))
        {
            foreach (string name in new[] { $"a.{extension}", $"A.{extension.ToUpperInvariant()}", $"photo.jpg.{extension}", $".{extension}" })
            {
                using MediaReference reference = With(new MediaDescription("media-1", MediaKind.File) { FileName = name });
                Assert.True(reference.Warnings.HasFlag(expected | MediaWarnings.NotKnownPassive), name);
            }
        }
    }

    [Theory]
    [InlineData("", "image/jpeg", MediaKind.Image, MediaWarnings.None)]
    [InlineData("", "audio/ogg", MediaKind.Audio, MediaWarnings.None)]
    [InlineData("notes.txt", "", MediaKind.File, MediaWarnings.None)]
    [InlineData("", "image/svg+xml", MediaKind.Image, MediaWarnings.NotKnownPassive)]
    [InlineData("a.svg", "image/svg+xml", MediaKind.Image, MediaWarnings.NotKnownPassive)]
    [InlineData("", "text/html", MediaKind.File, MediaWarnings.NotKnownPassive)]
    [InlineData("", "image/jpeg2", MediaKind.Image, MediaWarnings.NotKnownPassive)]
    [InlineData("a.jpg", "text/html", MediaKind.File, MediaWarnings.NotKnownPassive | MediaWarnings.ExtensionDoesNotFit)]
    public void What_is_known_of_a_file_has_to_be_passive_and_something_has_to_be_known(
        string name, string mediaType, MediaKind kind, MediaWarnings warnings)
    {
        using MediaReference reference = With(new MediaDescription("media-1", kind) { FileName = name, MediaType = mediaType });
        Assert.Equal(warnings, reference.Warnings);
    }

    [Fact]
    public void A_reference_that_a_peer_wrote_without_cleaning_comes_out_clean()
    {
        byte[] encoded = With(new MediaDescription("media-1", MediaKind.Image) { FileName = "xx/evil.exe", MediaType = "image/png" })
            .Encode();
        int at = encoded.AsSpan().IndexOf("evil.exe"u8);
        "../l.exe"u8.CopyTo(encoded.AsSpan(at));
        using MediaReference reference = MediaReference.Decode(encoded);
        Assert.Equal("l.exe", reference.FileName);
        Assert.Equal(
            MediaWarnings.PathRemoved | MediaWarnings.ExtensionDoesNotFit | MediaWarnings.ExecutableExtension
                | MediaWarnings.NotKnownPassive,
            reference.Warnings);
    }

    [Property(MaxTest = 500)]
    public bool No_name_at_all_comes_out_with_a_path_a_control_or_a_reordering_character(string sent)
    {
        (string name, _) = MediaName.Sanitize(new string([.. (sent ?? string.Empty).Where(c => !char.IsSurrogate(c))]));
        return name.All(c => !char.IsControl(c) && c is not ('/' or '\\' or ':' or '\u202E' or '\u2066' or '\u200F'))
            && name is not ("." or "..")
            && System.Text.Encoding.UTF8.GetByteCount(name) <= MediaDescription.MaxFileNameSize
            && MediaName.Sanitize(name) == (name, MediaWarnings.None);
    }

    [Fact]
    public void A_long_name_keeps_its_extension()
    {
        (string name, _) = MediaName.Sanitize(new string('ä', 300) + ".jpg");
        Assert.EndsWith(".jpg", name, StringComparison.Ordinal);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(name), 250, 255);
    }

    [Fact]
    public void A_reference_cut_anywhere_or_with_trailing_bytes_is_refused()
    {
        byte[] encoded = With(new MediaDescription("media-1", MediaKind.File) { FileName = "a", Thumbnail = new byte[5] }).Encode();
        for (int length = 0; length < encoded.Length; length++)
        {
            Assert.Throws<E2EException>(() => MediaReference.Decode(encoded.AsSpan(0, length)));
        }

        byte[] longer = [.. encoded, 0];
        Assert.Equal(E2EError.InvalidEncoding, Assert.Throws<E2EException>(() => MediaReference.Decode(longer)).Reason);
        longer[0] = 3;
        Assert.Equal(E2EError.UnsupportedVersion, Assert.Throws<E2EException>(() => MediaReference.Decode(longer)).Reason);
    }

    [Property(MaxTest = 1000)]
    public bool Any_change_of_a_reference_is_decoded_or_refused_within_bounded_memory(uint position, byte value)
    {
        byte[] encoded = Sample.Of(10).Reference.Encode();
        encoded[position % encoded.Length] = value;
        return DecodesWithin(encoded);
    }

    [Property(MaxTest = 1000)]
    public bool Random_bytes_are_decoded_or_refused_within_bounded_memory(byte[] bytes) =>
        DecodesWithin(bytes ?? []) && DecodesWithin([1, 2, 0, 1, 65, .. bytes ?? []]) && DecodesWithin([2, 2, 0, 1, 65, .. bytes ?? []]);

    [Fact]
    public void Lengths_that_cannot_be_true_are_refused()
    {
        byte[] encoded = Sample.Of(10, Sample.Plain).Reference.Encode();
        int segmentLength = 4 + "media-1".Length + 32;
        foreach ((int at, byte value) in new[] { (0, (byte)0xFF), (4, (byte)0x80), (11, (byte)11), (12, (byte)0x80), (12, (byte)0x7F) })
        {
            byte[] changed = [.. encoded];
            changed[segmentLength + at] = value;
            var error = Assert.Throws<E2EException>(() => MediaReference.Decode(changed));
            Assert.True(error.Reason is E2EError.InvalidEncoding or E2EError.LimitExceeded);
        }
    }

    [Fact]
    public void Lengths_of_which_the_last_segment_has_no_room_for_its_tag_are_no_lengths()
    {
        // A file of one full segment and a rest of 1 to 31 bytes: no content is sealed to that.
        byte[] encoded = Sample.Of(10, Sample.Plain).Reference.Encode();
        int lengthAt = 4 + "media-1".Length + 32 + 4;
        BinaryPrimitives.WriteInt64BigEndian(encoded.AsSpan(lengthAt), Sample.PlaintextLength);
        for (int rest = 1; rest <= FloeParameters.SegmentOverhead; rest++)
        {
            BinaryPrimitives.WriteInt64BigEndian(encoded.AsSpan(lengthAt + 8), Sample.HeaderSize + Sample.SegmentLength + rest);
            Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => MediaReference.Decode(encoded)));
        }
    }

    [Fact]
    public void A_reference_prints_neither_key_nor_name()
    {
        using MediaReference reference = With(new MediaDescription("media-1", MediaKind.File) { FileName = "secret.txt" });
        byte[] key = new byte[32];
        reference.Key.Export(key);
        string printed = reference.ToString();
        Assert.DoesNotContain("secret", printed, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexString(key)[..8], printed, StringComparison.OrdinalIgnoreCase);
        reference.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reference.Encode());
    }

    private static bool DecodesWithin(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using MediaReference reference = MediaReference.Decode(bytes);
            MediaReference.Decode(reference.Encode()).Dispose();
        }
        catch (E2EException)
        {
            // Refused with a reason.
        }

        return GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000;
    }

    private static MediaReference With(MediaDescription description)
    {
        using MediaKey key = MediaKey.Generate();
        return MediaSealer.Seal([], new byte[106], key, description, Sample.Options);
    }
}
