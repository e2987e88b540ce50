using System.IO.Pipelines;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>Seals media files of any length in constant memory: FLOE (c2sp.org/FLOE).</summary>
/// <remarks>docs/protocol-media.md. Stateless and thread-safe. Memory is two segments for each worker, and at most 40 KiB of
/// digests, whatever the length.
/// Use a fresh <see cref="MediaKey"/> for each file, or one derived for its id; sealing twice under one key is safe, as each file
/// has a random IV of its own. The reference that every form returns opens the file; the caller disposes it.</remarks>
public static class MediaSealer
{
    /// <summary>Length of the sealed file, in bytes.</summary>
    /// <param name="length">Length of the content, in bytes.</param>
    /// <param name="options">Null for the defaults; a digest adds 32 bytes for each segment where there are several.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 2^40 segments.</exception>
    public static long GetSealedLength(long length, MediaSealingOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        options ??= MediaSealingOptions.Default;
        options.Validate();

        // Before it is padded, which could go beyond every number, and afterwards.
        long most = FloeParameters.MaxSegments * options.Parameters.PlaintextLength;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, most);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Padding.Pad(length), most, nameof(length));
        return LayoutOf(length, options).SealedLength;
    }

    /// <summary>Seals content that is in memory. Allocates nothing for each segment; uses one thread, whatever the options say.</summary>
    /// <param name="content">Any length.</param>
    /// <param name="destination">Exactly <see cref="GetSealedLength"/> bytes; does not overlap <paramref name="content"/>.</param>
    /// <param name="key">The file's key. Not disposed.</param>
    /// <param name="description">What the reference says about the file.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">A length or an option is wrong.</exception>
    public static MediaReference Seal(
        ReadOnlySpan<byte> content,
        Span<byte> destination,
        MediaKey key,
        MediaDescription description,
        MediaSealingOptions? options = null)
    {
        options = Check(key, description, options);
        MediaLayout layout = LayoutOf(content.Length, destination.Length, options, nameof(destination));
        using FloeState state = Start(key, description, options);
        using FileDigest? digest = options.WithDigest ? new FileDigest(state.Header) : null;
        byte[]? root = FloeSpan.Seal(state, layout, content, destination, digest);
        return ToReference(description, key, state, content.Length, destination.Length, root);
    }

    /// <summary>Seals content that is in memory, with as many threads as the options say, the caller's among them. Copies nothing; allocates
    /// 32 bytes for each segment where there is a digest.</summary>
    /// <inheritdoc cref="Seal"/>
    public static MediaReference SealMemory(
        ReadOnlyMemory<byte> content,
        Memory<byte> destination,
        MediaKey key,
        MediaDescription description,
        MediaSealingOptions? options = null)
    {
        options = Check(key, description, options);
        MediaLayout layout = LayoutOf(content.Length, destination.Length, options, nameof(destination));
        using FloeState state = Start(key, description, options);
        byte[]? root = MemorySealing.Seal(state, layout, content, destination, options.Workers);
        return ToReference(description, key, state, content.Length, destination.Length, root);
    }

    /// <summary>Seals a stream to its end, synchronously.</summary>
    /// <param name="source">Read to its end. Not disposed.</param>
    /// <param name="destination">Written and flushed. Not disposed; after an exception its content is no whole file.</param>
    /// <param name="key">The file's key. Not disposed.</param>
    /// <param name="description">What the reference says about the file.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Gets the bytes of content sealed so far, after each segment.</param>
    /// <param name="cancellationToken">Stops between segments.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static MediaReference SealStream(
        Stream source,
        Stream destination,
        MediaKey key,
        MediaDescription description,
        MediaSealingOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        // With synchronous ends the task is complete when it is returned.
        ValueTask<MediaReference> done = SealAsync(
            source, destination, sync: true, key, description, options, progress, cancellationToken);
        return done.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Seals a stream to its end.</summary>
    /// <inheritdoc cref="SealStream"/>
    public static ValueTask<MediaReference> SealStreamAsync(
        Stream source,
        Stream destination,
        MediaKey key,
        MediaDescription description,
        MediaSealingOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default) =>
        SealAsync(source, destination, sync: false, key, description, options, progress, cancellationToken);

    /// <summary>Seals what comes through a pipe into a pipe. Completes neither.</summary>
    /// <inheritdoc cref="SealStream"/>
    public static async ValueTask<MediaReference> SealPipeAsync(
        PipeReader source,
        PipeWriter destination,
        MediaKey key,
        MediaDescription description,
        MediaSealingOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        Stream from = source.AsStream(leaveOpen: true);
        Stream to = destination.AsStream(leaveOpen: true);
        await using (from.ConfigureAwait(false))
        await using (to.ConfigureAwait(false))
        {
            return await SealStreamAsync(from, to, key, description, options, progress, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Seals a stream in a way that gives the same bytes for the same content once more.</summary>
    /// <param name="source">Read to its end. Not disposed.</param>
    /// <param name="destination">Written and flushed. Not disposed.</param>
    /// <param name="key">The file's key. Not disposed.</param>
    /// <param name="iv">32 random bytes, the file's own.</param>
    /// <param name="nonces">The file's own. Not disposed.</param>
    /// <param name="description">What the reference says about the file.</param>
    /// <param name="cancellationToken">Stops between segments.</param>
    internal static async ValueTask<MediaReference> SealRepeatablyAsync(
        Stream source,
        Stream destination,
        MediaKey key,
        ReadOnlyMemory<byte> iv,
        SegmentNonces nonces,
        MediaDescription description,
        CancellationToken cancellationToken)
    {
        MediaSealingOptions options = Check(key, description, null);
        using FloeState state = StartWith(key, description, options, iv.Span);
        return await SealAsync(source, destination, sync: false, state, nonces, key, description, options, null, cancellationToken)
            .ConfigureAwait(false);
    }

    private static FloeState StartWith(MediaKey key, MediaDescription description, MediaSealingOptions options, ReadOnlySpan<byte> iv)
    {
        using SecretScope secret = key.Use();
        return FloeState.Start(
            secret.Span, options.Parameters, iv, MediaAssociatedData.Encode(description.MediaId, description.Kind));
    }

    internal static MediaSealingOptions Check(MediaKey key, MediaDescription description, MediaSealingOptions? options)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(description);
        options ??= MediaSealingOptions.Default;
        options.Validate();
        description.Validate();
        return options;
    }

    private static MediaLayout LayoutOf(long length, MediaSealingOptions options) =>
        MediaLayout.OfPlaintext(options.Parameters, options.Padding.Pad(length), options.WithDigest);

    private static MediaLayout LayoutOf(int length, int sealedLength, MediaSealingOptions options, string name)
    {
        MediaLayout layout = LayoutOf(length, options);
        Argument.HasLength(sealedLength, layout.SealedLength, name);
        return layout;
    }

    private static MediaReference ToReference(
        MediaDescription description, MediaKey key, FloeState state, int length, int sealedLength, byte[]? root)
    {
        using SecretScope secret = key.Use();
        return new MediaReference(
            description,
            secret.Span,
            state.Parameters.SegmentLength,
            length,
            sealedLength,
            state.HeaderTag,
            root is null ? null : new MediaDigest(MediaDigestKind.Tree, root));
    }

    internal static FloeState Start(MediaKey key, MediaDescription description, MediaSealingOptions options)
    {
        using SecretScope secret = key.Use();
        return FloeState.Start(
            secret.Span, options.Parameters, MediaAssociatedData.Encode(description.MediaId, description.Kind));
    }

    /// <summary>The state of a file whose sealing was interrupted.</summary>
    internal static FloeState Resume(
        MediaKey key, MediaDescription description, MediaSealingOptions options, ReadOnlySpan<byte> header)
    {
        using SecretScope secret = key.Use();
        return FloeState.Resume(
            secret.Span, options.Parameters, MediaAssociatedData.Encode(description.MediaId, description.Kind), header);
    }

    private static async ValueTask<MediaReference> SealAsync(
        Stream source,
        Stream destination,
        bool sync,
        MediaKey key,
        MediaDescription description,
        MediaSealingOptions? options,
        IProgress<long>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        options = Check(key, description, options);
        using FloeState state = Start(key, description, options);
        return await SealAsync(source, destination, sync, state, nonces: null, key, description, options, progress, cancellationToken)
            .ConfigureAwait(false);
    }

    private static async ValueTask<MediaReference> SealAsync(
        Stream source,
        Stream destination,
        bool sync,
        FloeState state,
        SegmentNonces? nonces,
        MediaKey key,
        MediaDescription description,
        MediaSealingOptions options,
        IProgress<long>? progress,
        CancellationToken cancellationToken)
    {
        var reader = new PlaintextReader(new StreamEnd(source, sync), options.Padding);
        using var run = new SealingRun(state, reader, new StreamEnd(destination, sync), options, progress) { Nonces = nonces };
        await run.WriteHeaderAsync(cancellationToken).ConfigureAwait(false);
        await run.RunAsync(cancellationToken).ConfigureAwait(false);
        return run.ToReference(description, key);
    }
}
