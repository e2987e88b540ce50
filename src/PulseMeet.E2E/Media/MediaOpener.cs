using System.IO.Pipelines;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>Opens sealed media files of any length in constant memory.</summary>
/// <remarks>docs/protocol-media.md. Stateless and thread-safe. Only verified segments are given out. The stream forms give them out
/// as they verify: after an exception the destination holds an authentic beginning, and no whole file; what the digest says of it is known at
/// the end alone. The forms in memory give out all or nothing, and <see cref="MediaFile"/> never leaves a part under the file's name. For ranges, see
/// <see cref="SealedMediaStream"/>.</remarks>
public static class MediaOpener
{
    /// <summary>Opens a file that is in memory; uses one thread, whatever the options say.</summary>
    /// <param name="reference">Opens the file. Not disposed.</param>
    /// <param name="sealedFile">Input from outside.</param>
    /// <param name="content">Exactly <see cref="MediaReference.Length"/> bytes; zeroed where the file is refused.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">The length of <paramref name="content"/> is another one.</exception>
    /// <exception cref="E2EException">Too short (<see cref="E2EError.Truncated"/>), too long, other parameters or padding
    /// (<see cref="E2EError.InvalidEncoding"/>), another header, key, id or kind (<see cref="E2EError.WrongCommitment"/>), or a
    /// segment or the digest does not verify (<see cref="E2EError.NotAuthentic"/>).</exception>
    public static void Open(
        MediaReference reference, ReadOnlySpan<byte> sealedFile, Span<byte> content, MediaOpeningOptions? options = null)
    {
        options = Check(reference, options);
        using FloeState state = Start(reference, sealedFile, content.Length, options, nameof(content));
        if (!VerifiesTree(reference, options))
        {
            FloeSpan.Open(state, reference.Layout, sealedFile, content);
            return;
        }

        using var digest = new FileDigest(state.Header);
        FloeSpan.Open(state, reference.Layout, sealedFile, content, digest, reference.Digest!.Value.Span);
    }

    /// <summary>Opens a file that is in memory, with as many threads as the options say, the caller's among them. Copies nothing; allocates 32
    /// bytes for each segment where a tree of digests is verified.</summary>
    /// <inheritdoc cref="Open"/>
    public static void OpenMemory(
        MediaReference reference, ReadOnlyMemory<byte> sealedFile, Memory<byte> content, MediaOpeningOptions? options = null)
    {
        options = Check(reference, options);
        using FloeState state = Start(reference, sealedFile.Span, content.Length, options, nameof(content));
        ReadOnlyMemory<byte>? root = VerifiesTree(reference, options) ? reference.Digest : null;
        MemorySealing.Open(state, reference.Layout, sealedFile, content, options.Workers, root);
    }

    /// <summary>Opens a stream, synchronously.</summary>
    /// <param name="reference">Opens the file. Not disposed.</param>
    /// <param name="source">Read to its end. Not disposed.</param>
    /// <param name="destination">Written and flushed. Not disposed.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Gets the bytes of content given out so far, after each segment.</param>
    /// <param name="cancellationToken">Stops between segments.</param>
    /// <exception cref="E2EException">As for the span form. Where the source knows its length, a wrong length is refused before
    /// anything is given out; otherwise when it shows.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void OpenStream(
        MediaReference reference,
        Stream source,
        Stream destination,
        MediaOpeningOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default) =>
        OpenAsync(reference, source, destination, sync: true, options, progress, cancellationToken)
            .AsTask().GetAwaiter().GetResult();

    /// <summary>Opens a stream.</summary>
    /// <inheritdoc cref="OpenStream"/>
    public static ValueTask OpenStreamAsync(
        MediaReference reference,
        Stream source,
        Stream destination,
        MediaOpeningOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default) =>
        OpenAsync(reference, source, destination, sync: false, options, progress, cancellationToken);

    /// <summary>Opens what comes through a pipe into a pipe. Completes neither.</summary>
    /// <inheritdoc cref="OpenStream"/>
    public static async ValueTask OpenPipeAsync(
        MediaReference reference,
        PipeReader source,
        PipeWriter destination,
        MediaOpeningOptions? options = null,
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
            await OpenStreamAsync(reference, from, to, options, progress, cancellationToken).ConfigureAwait(false);
        }
    }

    private static MediaOpeningOptions Check(MediaReference reference, MediaOpeningOptions? options)
    {
        ArgumentNullException.ThrowIfNull(reference);
        options ??= MediaOpeningOptions.Default;
        options.Validate();
        return options;
    }

    /// <summary>What is checked of a file in memory before its segments; of a flat digest all.</summary>
    private static FloeState Start(
        MediaReference reference, ReadOnlySpan<byte> sealedFile, int contentLength, MediaOpeningOptions options, string name)
    {
        Argument.HasLength(contentLength, reference.Length, name);
        MediaVerification.CheckSealedLength(reference, sealedFile.Length);
        FloeState state = MediaVerification.Start(reference, sealedFile[..FloeParameters.HeaderSize]);
        if (options.VerifyDigest
            && reference.DigestKind == MediaDigestKind.Flat
            && !PublicBytes.Equal(Sha256.Hash(sealedFile), reference.Digest!.Value.Span))
        {
            state.Dispose();
            throw new E2EException(E2EError.NotAuthentic, "The digest is another one.");
        }

        return state;
    }

    private static bool VerifiesTree(MediaReference reference, MediaOpeningOptions options) =>
        options.VerifyDigest && reference.DigestKind == MediaDigestKind.Tree;

    private static async ValueTask OpenAsync(
        MediaReference reference,
        Stream source,
        Stream destination,
        bool sync,
        MediaOpeningOptions? options,
        IProgress<long>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        options = Check(reference, options);
        if (source.CanSeek)
        {
            MediaVerification.CheckSealedLength(reference, source.Length - source.Position);
        }

        using var run = new OpeningRun(
            reference, new StreamEnd(source, sync), new StreamEnd(destination, sync), options, progress);
        await run.RunAsync(options, cancellationToken).ConfigureAwait(false);
    }
}
