using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>Seals a file so that an interruption costs only what came after the last checkpoint.</summary>
/// <remarks>
/// The rule that makes this safe: a segment leaves the device only after a checkpoint that counts it is stored. On resuming, the
/// bytes that the checkpoint counts have to be there unchanged (by their digest), have to open under the key, and have to be
/// what the source holds at those places; they are kept as they are. Everything after them never left, is cut off, and is
/// sealed with fresh random nonces. So no position is seen sealed twice with different content, and no nonce repeats.
/// Thread-safe but for the streams. One worker; always with a digest.
/// </remarks>
public static class ResumableMediaSealer
{
    /// <summary>Begins sealing, or carries on after an interruption.</summary>
    /// <param name="source">The content from its beginning, in both cases. Read to its end. Not disposed.</param>
    /// <param name="destination">The sealed file: empty, or what the interrupted run left. Can read, write and seek; where it is a
    /// <see cref="FileStream"/>, it reaches the disk before each checkpoint. Not disposed.</param>
    /// <param name="key">The file's key, the same when carrying on. Not disposed.</param>
    /// <param name="description">What the reference says about the file; the same id and kind when carrying on.</param>
    /// <param name="checkpoint">Null to begin; the checkpoint stored last to carry on.</param>
    /// <param name="store">Stores a checkpoint durably and in place of the one before; called before the first segment and then at
    /// the interval. When it returns, <see cref="MediaSealingCheckpoint.SealedLength"/> bytes may leave the device.</param>
    /// <param name="checkpointInterval">Sealed bytes between checkpoints; rounded up to whole segments.</param>
    /// <param name="options">Null for the defaults. When carrying on, the checkpoint's segment length and padding are used.</param>
    /// <param name="progress">Gets the bytes of content sealed so far, after each segment.</param>
    /// <param name="cancellationToken">Stops between segments.</param>
    /// <returns>The caller disposes it. All of the sealed file may leave the device now.</returns>
    /// <exception cref="ArgumentException">A stream lacks an ability, beginning was asked for with a destination that is not empty,
    /// or an option is outside its range.</exception>
    /// <exception cref="E2EException">The sealed bytes are fewer than the checkpoint counts (<see cref="E2EError.Truncated"/>) or
    /// others (<see cref="E2EError.NotAuthentic"/>), the key, id or kind is another one
    /// (<see cref="E2EError.WrongCommitment"/>), or the source is not what sealing began with
    /// (<see cref="E2EError.ContentChanged"/>). Then begin anew, with a fresh key.</exception>
    public static async Task<MediaReference> SealAsync(
        Stream source,
        Stream destination,
        MediaKey key,
        MediaDescription description,
        MediaSealingCheckpoint? checkpoint,
        Func<MediaSealingCheckpoint, CancellationToken, ValueTask> store,
        long checkpointInterval = 8 * 1024 * 1024,
        MediaSealingOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentOutOfRangeException.ThrowIfLessThan(checkpointInterval, 1);
        options = Adapt(MediaSealer.Check(key, description, options), checkpoint);
        if (!destination.CanRead || !destination.CanWrite || !destination.CanSeek)
        {
            throw new ArgumentException("The stream must be able to read, write and seek.", nameof(destination));
        }

        if (checkpoint is null && destination.Length != 0)
        {
            throw new ArgumentException("Sealing begins with an empty file.", nameof(destination));
        }

        using FloeState state = checkpoint is null
            ? MediaSealer.Start(key, description, options)
            : MediaSealer.Resume(key, description, options, checkpoint.Header);
        var reader = new PlaintextReader(new StreamEnd(source, sync: false), options.Padding);
        var checkpoints = new CheckpointWriter(state, destination, store, checkpointInterval, options.Padding);
        using var run = new SealingRun(state, reader, new StreamEnd(destination, sync: false), options, progress)
        {
            AfterSegment = checkpoints.AfterSegmentAsync,
        };
        checkpoints.Run = run;
        if (checkpoint is null)
        {
            await run.WriteHeaderAsync(cancellationToken).ConfigureAwait(false);
            await checkpoints.StoreAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await KeptSegments.VerifyAsync(run, reader, destination, checkpoint, cancellationToken).ConfigureAwait(false);
            destination.SetLength(checkpoint.SealedLength);
            destination.Position = checkpoint.SealedLength;
        }

        await run.RunAsync(cancellationToken).ConfigureAwait(false);
        CheckpointWriter.ToDisk(destination);
        return run.ToReference(description, key);
    }

    // One worker, as the checkpoint counts a beginning without gaps; the digest is what resuming verifies.
    private static MediaSealingOptions Adapt(MediaSealingOptions options, MediaSealingCheckpoint? checkpoint) => options with
    {
        Workers = 1,
        WithDigest = true,
        SegmentLength = checkpoint?.SegmentLength ?? options.SegmentLength,
        Padding = checkpoint?.Padding ?? options.Padding,
    };
}

/// <summary>Makes a checkpoint when enough was sealed: first the bytes reach the disk, then the checkpoint is stored.</summary>
internal sealed class CheckpointWriter(
    FloeState state,
    Stream destination,
    Func<MediaSealingCheckpoint, CancellationToken, ValueTask> store,
    long interval,
    MediaPadding padding)
{
    private long _stored;

    public SealingRun? Run { get; set; }

    public ValueTask AfterSegmentAsync(CancellationToken cancellationToken) =>
        Run!.SealedLength - _stored >= interval ? StoreAsync(cancellationToken) : ValueTask.CompletedTask;

    public async ValueTask StoreAsync(CancellationToken cancellationToken)
    {
        await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        ToDisk(destination);
        var checkpoint = new MediaSealingCheckpoint(state.Header, Run!.NextPosition, padding, Run.Digest!.RootSoFar());
        await store(checkpoint, cancellationToken).ConfigureAwait(false);
        _stored = Run.SealedLength;
    }

    public static void ToDisk(Stream stream) => (stream as FileStream)?.Flush(flushToDisk: true);
}

/// <summary>Goes through the segments that a checkpoint counts: unchanged, authentic, and of this source.</summary>
internal static class KeptSegments
{
    public static async Task VerifyAsync(
        SealingRun run,
        PlaintextReader source,
        Stream destination,
        MediaSealingCheckpoint checkpoint,
        CancellationToken cancellationToken)
    {
        if (destination.Length < checkpoint.SealedLength)
        {
            throw new E2EException(E2EError.Truncated, "The sealed bytes are fewer than the checkpoint counts.");
        }

        destination.Position = 0;
        var kept = new StreamEnd(destination, sync: false);
        byte[] header = new byte[FloeParameters.HeaderSize];
        await kept.FillAsync(header, cancellationToken).ConfigureAwait(false);
        Expect(header, run.State.Header);
        run.AccountHeader();
        using var hash = new TreeHash();
        using var cipher = new FloeSegmentCipher(run.State);
        byte[] segment = new byte[run.State.Parameters.SegmentLength];
        byte[] leaf = new byte[TreeShape.DigestSize];
        int length = run.State.Parameters.PlaintextLength;

        // What was opened and what the source holds, side by side: one array to zero, however this ends.
        byte[] plaintext = new byte[2 * length];
        Memory<byte> opened = plaintext.AsMemory(0, length);
        Memory<byte> content = plaintext.AsMemory(length);
        try
        {
            while (run.NextPosition < checkpoint.Segments)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (await kept.FillAsync(segment, cancellationToken).ConfigureAwait(false) != segment.Length)
                {
                    throw new E2EException(E2EError.Truncated);
                }

                cipher.Open(segment, run.NextPosition, isFinal: false, opened.Span);
                (int count, bool isLast) = await source.ReadSegmentAsync(content, cancellationToken).ConfigureAwait(false);
                if (isLast || !ConstantTime.AreEqual(content.Span[..count], opened.Span))
                {
                    throw new E2EException(E2EError.ContentChanged);
                }

                hash.Leaf(segment, leaf);
                ReadOnlyMemory<byte> blocks = run.Account(segment.Length, leaf, isLast: false);
                byte[] keptBlocks = new byte[blocks.Length];
                await kept.FillAsync(keptBlocks, cancellationToken).ConfigureAwait(false);
                Expect(keptBlocks, blocks.Span);
                run.NextPosition++;
                run.Report(count);
            }
        }
        finally
        {
            SecretMemory.Zero(plaintext);
        }

        Expect(run.Digest!.RootSoFar(), checkpoint.Digest);
    }

    private static void Expect(ReadOnlySpan<byte> found, ReadOnlySpan<byte> expected)
    {
        if (!PublicBytes.Equal(found, expected))
        {
            throw new E2EException(E2EError.NotAuthentic, "The sealed bytes are not those that the checkpoint counts.");
        }
    }
}
