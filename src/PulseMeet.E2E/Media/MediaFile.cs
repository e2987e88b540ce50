using System.Diagnostics.CodeAnalysis;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>Seals and opens files on disk. What is written stands beside the target under a name of its own, reaches the disk, and
/// is then renamed, so that no half-written file is ever taken for a whole one. Stateless and thread-safe.</summary>
/// <example><code>
/// using MediaKey key = MediaKey.Generate();
/// using MediaReference reference = await MediaFile.SealAsync("cat.png", "cat.sealed", key, new MediaDescription("cat", MediaKind.Image));
/// byte[] message = session.Seal(reference.Encode()); // the reference holds the key: it travels sealed
/// </code></example>
public static class MediaFile
{
    private const int NoBuffer = 0;

    /// <summary>Seals a file.</summary>
    /// <param name="sourcePath">The content.</param>
    /// <param name="sealedPath">Where the sealed file goes; a file there is replaced once the new one is whole.</param>
    /// <param name="key">The file's key. Not disposed.</param>
    /// <param name="description">What the reference says about the file.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Gets the bytes of content sealed so far, after each segment.</param>
    /// <param name="cancellationToken">Stops between segments; nothing is left behind.</param>
    /// <returns>The caller disposes it.</returns>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static async Task<MediaReference> SealAsync(
        string sourcePath,
        string sealedPath,
        MediaKey key,
        MediaDescription description,
        MediaSealingOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        MediaReference? reference = null;
        await ReplaceAsync(sourcePath, sealedPath, async (source, target) => reference = await MediaSealer
            .SealStreamAsync(source, target, key, description, options, progress, cancellationToken).ConfigureAwait(false))
            .ConfigureAwait(false);
        return reference!;
    }

    /// <summary>Opens a sealed file into a file.</summary>
    /// <param name="reference">Opens the file. Not disposed.</param>
    /// <param name="sealedPath">The sealed file.</param>
    /// <param name="targetPath">Where the content goes; a file there is replaced once the new one is whole and verified. Chosen by
    /// the app: the peer's <see cref="MediaReference.FileName"/> is for showing.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Gets the bytes opened so far, after each segment.</param>
    /// <param name="cancellationToken">Stops between segments; nothing is left behind.</param>
    /// <exception cref="E2EException">The file is refused, as by <see cref="MediaOpener"/>; nothing is left behind.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static Task OpenAsync(
        MediaReference reference,
        string sealedPath,
        string targetPath,
        MediaOpeningOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default) =>
        ReplaceAsync(sealedPath, targetPath, async (source, target) => await MediaOpener
            .OpenStreamAsync(reference, source, target, options, progress, cancellationToken).ConfigureAwait(false));

    private static async Task ReplaceAsync(string sourcePath, string targetPath, Func<Stream, Stream, Task> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(sourcePath);
        ArgumentException.ThrowIfNullOrEmpty(targetPath);
        string full = Path.GetFullPath(targetPath);
        string partial = Path.Combine(Path.GetDirectoryName(full)!, $".{RandomName()}.partial");
        var source = new FileStream(
            sourcePath, FileMode.Open, FileAccess.Read, FileShare.Read, NoBuffer, FileOptions.SequentialScan);
        await using (source.ConfigureAwait(false))
        {
            try
            {
                var target = new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, NoBuffer);
                await using (target.ConfigureAwait(false))
                {
                    await write(source, target).ConfigureAwait(false);
                    target.Flush(flushToDisk: true);
                }

                File.Move(partial, full, overwrite: true);
            }
            catch
            {
                DeleteQuietly(partial);
                throw;
            }
        }
    }

    private static string RandomName()
    {
        Span<byte> name = stackalloc byte[8];
        Randomness.Fill(name);
        return Convert.ToHexStringLower(name);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The failure that led here is the one to report.")]
    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception)
        {
            // The failure that led here is the one to report.
        }
    }
}
