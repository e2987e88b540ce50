using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>Seals files into a media store, and opens them out of it.</summary>
internal sealed class MediaTransfer(IMediaStore store)
{
    /// <summary>Seals a file and puts it there whole. The reference is the caller's to dispose.</summary>
    public async Task<MediaReference> PutAsync(
        Stream file, FileDetails details, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        byte[] id = new byte[16];
        Randomness.Fill(id);
        long length = file.Length - file.Position;
        long sealedLength = MediaSealer.GetSealedLength(length, MediaSealingOptions.Default);
        await store.BeginPutAsync(id, sealedLength, cancellationToken).ConfigureAwait(false);
        var description = new MediaDescription(Convert.ToHexStringLower(id), details.Kind)
        {
            FileName = details.FileName,
            MediaType = details.MediaType,
            Width = details.Width,
            Height = details.Height,
            DurationMilliseconds = details.DurationMilliseconds,
            Thumbnail = details.Thumbnail,
        };
        using MediaKey key = MediaKey.Generate();
        var target = new MediaPutStream(store, id, progress);
        await using (target.ConfigureAwait(false))
        {
            MediaReference reference = await MediaSealer
                .SealStreamAsync(file, target, key, description, MediaSealingOptions.Default, cancellationToken: cancellationToken).ConfigureAwait(false);
            await target.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (target.Position != sealedLength)
            {
                reference.Dispose();
                throw new E2EException(E2EError.ContentChanged, "The file has another length than when it was begun.");
            }

            return reference;
        }
    }

    /// <summary>A file as a stream that can be read anywhere; nothing comes out that was not verified.</summary>
    public async Task<Stream> OpenAsync(MediaReference reference, CancellationToken cancellationToken)
    {
        byte[] id;
        try
        {
            id = Convert.FromHexString(reference.MediaId);
        }
        catch (FormatException)
        {
            throw new E2EException(E2EError.UnknownMedia);
        }

        if (id.Length != 16 || await store.GetLengthAsync(id, cancellationToken).ConfigureAwait(false) is not { } length)
        {
            throw new E2EException(E2EError.UnknownMedia);
        }

        return await SealedMediaStream
            .OpenAsync(reference, new MediaGetStream(store, id, length), cancellationToken: cancellationToken).ConfigureAwait(false);
    }
}
