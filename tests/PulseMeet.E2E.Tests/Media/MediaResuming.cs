using System.Runtime.InteropServices;
using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>An interrupted sealing carries on without sealing anything twice that may have left the device.</summary>
public sealed class MediaResuming : IDisposable
{
    private const int P = Sample.PlaintextLength;

    private readonly MediaKey _key = MediaKey.Generate();
    private readonly byte[] _content = Sample.Bytes((9 * P) + 17);
    private readonly MemoryStream _file = new();
    private MediaSealingCheckpoint? _stored;

    [Property(MaxTest = 30)]
    public bool Interrupted_after_any_number_of_bytes_it_ends_in_one_whole_file_that_keeps_every_byte_that_may_have_left(
        ushort stopAfter)
    {
        using var run = new MediaResuming();
        int stop = 75 + (stopAfter % (run._content.Length + 300));
        byte[] mayHaveLeft = run.Interrupt(stop);
        using MediaReference reference = run.Resume(run._content);
        byte[] file = run._file.ToArray();
        byte[] opened = new byte[run._content.Length];
        MediaOpener.Open(reference, file, opened);
        return file.AsSpan().StartsWith(mayHaveLeft) && opened.AsSpan().SequenceEqual(run._content);
    }

    [Fact]
    public void Interrupted_again_and_again_it_still_ends()
    {
        Interrupt(20_000);
        byte[] first = _file.ToArray()[..(int)_stored!.SealedLength];
        for (int stop = 25_000; stop < 37_000; stop += 4_000)
        {
            Assert.Throws<IOException>(() => Resume(_content, stop));
        }

        using MediaReference reference = Resume(_content);
        byte[] opened = new byte[_content.Length];
        MediaOpener.Open(reference, _file.ToArray(), opened);
        Assert.Equal(_content, opened);
        Assert.Equal(first, _file.ToArray()[..first.Length]);
    }

    [Theory]
    [InlineData(254)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(290)]
    public void Interrupted_around_the_end_of_a_group_of_segments_its_digests_are_there_once_and_verified(int segments)
    {
        byte[] content = Sample.Bytes((299 * P) + 17);
        long stop = MediaLayout.LengthOfBeginning(Sample.SegmentLength, segments) + 100;
        Assert.Throws<IOException>(() => Seal(content, new Failing(_file, (int)stop), _key, checkpoint: null));
        Assert.InRange(_stored!.Segments, segments - 2, segments);
        Assert.Equal(MediaLayout.LengthOfBeginning(Sample.SegmentLength, _stored.Segments), _stored.SealedLength);
        byte[] mayHaveLeft = _file.ToArray()[..(int)_stored.SealedLength];
        for (long at = 74 + (256 * Sample.SegmentLength); at < _stored.SealedLength && at < 74 + (256 * Sample.SegmentLength) + 8192; at += 1023)
        {
            _file.Position = at;
            _file.WriteByte((byte)(mayHaveLeft[at] ^ 1));
            Assert.Equal(E2EError.NotAuthentic, Assert.Throws<E2EException>(() => Resume(content)).Reason);
            _file.Position = at;
            _file.WriteByte(mayHaveLeft[at]);
        }

        using MediaReference reference = Resume(content);
        byte[] opened = new byte[content.Length];
        MediaOpener.Open(reference, _file.ToArray(), opened);
        Assert.Equal(content, opened);
        Assert.Equal(MediaDigestKind.Tree, reference.DigestKind);
        Assert.Equal(mayHaveLeft, _file.ToArray()[..mayHaveLeft.Length]);
        Assert.Equal(MediaSealer.GetSealedLength(content.Length, Sample.Options), _file.Length);
    }

    [Fact]
    public void Nothing_counts_as_sealed_for_good_before_it_is_written_and_stored()
    {
        Interrupt(20_000);
        Assert.Equal(4, _stored!.Segments);
        Assert.Equal(74 + (4 * Sample.SegmentLength), _stored.SealedLength);
        Assert.True(_file.Length >= _stored.SealedLength);
    }

    [Fact]
    public void A_source_that_changed_where_it_was_sealed_is_refused()
    {
        Interrupt(20_000);
        byte[] changed = [.. _content];
        changed[P + 3] ^= 1;
        Assert.Equal(E2EError.ContentChanged, Assert.Throws<E2EException>(() => Resume(changed)).Reason);
        Assert.Equal(E2EError.ContentChanged, Assert.Throws<E2EException>(() => Resume(_content[..(2 * P)])).Reason);

        // The last kept segment is not the last of a file.
        Assert.Equal(E2EError.ContentChanged, Assert.Throws<E2EException>(() => Resume(_content[..(4 * P)])).Reason);
        using MediaReference reference = Resume(_content[..((4 * P) + 1)]);
        Assert.Equal((4 * P) + 1, reference.Length);
    }

    [Fact]
    public void What_was_sealed_behind_the_checkpoint_is_gone_where_the_source_ends_sooner_now()
    {
        Interrupt(36_000);
        MediaSealingCheckpoint last = _stored!;
        Assert.True(_file.Length > last.SealedLength + 100);
        byte[] shorter = _content[..((int)(last.Segments * P) + 1)];
        using MediaReference reference = Resume(shorter);
        byte[] opened = new byte[shorter.Length];
        MediaOpener.Open(reference, _file.ToArray(), opened);
        Assert.Equal(shorter, opened);
    }

    /// <summary>A store that was put back to an earlier checkpoint: what had left stands twice, under two nonces, and the later file opens.</summary>
    [Fact]
    public void From_an_older_checkpoint_with_another_content_behind_it_no_nonce_is_used_twice()
    {
        Interrupt(20_000);
        MediaSealingCheckpoint older = _stored!;
        Assert.Throws<IOException>(() => Resume(_content, 33_000));
        byte[] left = _file.ToArray()[..(int)_stored!.SealedLength];
        Assert.True(_stored.Segments > older.Segments);
        byte[] changed = [.. _content];
        changed[^1] ^= 1;
        changed[(int)older.Segments * P] ^= 1;
        using MediaReference reference = Seal(changed, _file, _key, older);
        byte[] file = _file.ToArray();
        byte[] opened = new byte[changed.Length];
        MediaOpener.Open(reference, file, opened);
        Assert.Equal(changed, opened);
        for (int at = 74; at + Sample.SegmentLength <= left.Length; at += Sample.SegmentLength)
        {
            bool isKept = at < older.SealedLength;
            Assert.Equal(isKept, left.AsSpan(at + 4, 12).SequenceEqual(file.AsSpan(at + 4, 12)));
        }
    }

    [Fact]
    public void Sealed_bytes_that_changed_or_are_missing_are_refused()
    {
        Interrupt(20_000);
        byte[] file = _file.ToArray();
        for (int at = 0; at < _stored!.SealedLength; at += 97)
        {
            _file.Position = at;
            _file.WriteByte((byte)(file[at] ^ 1));
            Assert.Equal(E2EError.NotAuthentic, Assert.Throws<E2EException>(() => Resume(_content)).Reason);
            _file.Position = at;
            _file.WriteByte(file[at]);
        }

        _file.SetLength(_stored.SealedLength - 1);
        Assert.Equal(E2EError.Truncated, Assert.Throws<E2EException>(() => Resume(_content)).Reason);
    }

    [Fact]
    public void A_segment_sealed_anew_with_the_same_content_is_not_the_one_that_may_have_left()
    {
        Interrupt(20_000);
        byte[] file = _file.ToArray();
        using (SecretScope key = _key.Use())
        {
            using FloeState state = FloeState.Start(
                key.Span,
                new FloeParameters(Sample.SegmentLength),
                file.AsSpan(10, FloeParameters.IvSize),
                MediaAssociatedData.Encode(Sample.Description.MediaId, Sample.Description.Kind));
            using var cipher = new FloeSegmentCipher(state);
            byte[] segment = new byte[Sample.SegmentLength];
            cipher.Seal(_content.AsSpan(P, P), 1, isFinal: false, segment);
            _file.Position = 74 + Sample.SegmentLength;
            _file.Write(segment);
        }

        Assert.Equal(E2EError.NotAuthentic, Assert.Throws<E2EException>(() => Resume(_content)).Reason);
    }

    [Fact]
    public async Task Nothing_of_the_content_stays_in_memory_where_carrying_on_is_refused()
    {
        Interrupt(20_000);
        byte[] changed = [.. _content];
        changed[P + 3] ^= 1;
        var source = new Noting(changed);
        var error = await Assert.ThrowsAsync<E2EException>(() => ResumableMediaSealer.SealAsync(
            source, _file, _key, Sample.Description, _stored, (_, _) => ValueTask.CompletedTask, options: Sample.Options));
        Assert.Equal(E2EError.ContentChanged, error.Reason);
        Assert.Contains(source.Buffers, buffer => buffer.Length >= 2 * P);
        Assert.All(source.Buffers.Where(buffer => buffer.Length > 1), buffer => Assert.Equal(-1, buffer.AsSpan().IndexOfAnyExcept((byte)0)));
    }

    [Fact]
    public void Another_key_is_refused()
    {
        Interrupt(20_000);
        using MediaKey other = MediaKey.Generate();
        Assert.Equal(E2EError.WrongCommitment, Assert.Throws<E2EException>(() => Seal(_content, _file, other, _stored)).Reason);
    }

    [Fact]
    public void Beginning_over_a_file_that_is_there_is_the_callers_mistake()
    {
        Interrupt(20_000);
        Assert.Throws<ArgumentException>(() => Seal(_content, _file, _key, checkpoint: null));
    }

    [Fact]
    public void A_checkpoint_survives_its_encoding_and_any_other_form_is_refused()
    {
        Interrupt(20_000);
        byte[] encoded = _stored!.Encode();
        Assert.Equal(MediaSealingCheckpoint.EncodedSize, encoded.Length);
        Assert.Equal(encoded, MediaSealingCheckpoint.Decode(encoded).Encode());
        for (int length = 0; length < encoded.Length; length++)
        {
            Assert.Throws<E2EException>(() => MediaSealingCheckpoint.Decode(encoded.AsSpan(0, length)));
        }

        byte[] longer = [.. encoded, 0];
        Assert.Throws<E2EException>(() => MediaSealingCheckpoint.Decode(longer));
        foreach (int at in new[] { 0, 3, 75, 83 })
        {
            byte[] changed = [.. encoded];
            changed[at] ^= 0xFF;
            Assert.Throws<E2EException>(() => MediaSealingCheckpoint.Decode(changed));
        }
    }

    public void Dispose()
    {
        _key.Dispose();
        _file.Dispose();
    }

    /// <summary>Seals until the disk fails after so many bytes, and returns what may have left the device by then.</summary>
    private byte[] Interrupt(int stop)
    {
        try
        {
            Seal(_content, new Failing(_file, stop), _key, checkpoint: null).Dispose();
        }
        catch (IOException)
        {
            // The interruption.
        }

        return _file.ToArray()[..(int)_stored!.SealedLength];
    }

    private MediaReference Resume(byte[] content, int stop = int.MaxValue) => Seal(
        content, new Failing(_file, stop), _key, MediaSealingCheckpoint.Decode(_stored!.Encode()));

    private MediaReference Seal(byte[] content, Stream file, MediaKey key, MediaSealingCheckpoint? checkpoint) =>
        ResumableMediaSealer.SealAsync(
            new MemoryStream(content),
            file,
            key,
            Sample.Description,
            checkpoint,
            (next, _) =>
            {
                _stored = next;
                return ValueTask.CompletedTask;
            },
            checkpointInterval: 2 * Sample.SegmentLength,
            Sample.Options).GetAwaiter().GetResult();

    /// <summary>Writes half of a piece and fails when it grows beyond a length, as a power cut does.</summary>
    private sealed class Failing(MemoryStream file, int stop) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => true;

        public override long Length => file.Length;

        public override long Position
        {
            get => file.Position;
            set => file.Position = value;
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Position + count > stop)
            {
                file.Write(buffer, offset, count / 2);
                throw new IOException("The power is gone.");
            }

            file.Write(buffer, offset, count);
        }

        public override int Read(byte[] buffer, int offset, int count) => file.Read(buffer, offset, count);

        public override void Flush() => file.Flush();

        public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

        public override void SetLength(long value) => file.SetLength(value);
    }

    /// <summary>Keeps hold of every buffer that it was read into.</summary>
    private sealed class Noting(byte[] bytes) : MemoryStream(bytes)
    {
        public List<byte[]> Buffers { get; } = [];

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Assert.True(MemoryMarshal.TryGetArray(buffer, out ArraySegment<byte> array));
            Buffers.Add(array.Array!);
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
