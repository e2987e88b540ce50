using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>Seals files into a media store, and opens them out of it.</summary>
internal sealed class MediaTransfer(ClientCore core, IMediaStore store)
{
    /// <summary>Seals a file and puts it there whole. What of it is there already, from a call that was interrupted, is not sent again.</summary>
    /// <param name="to">For whom it is.</param>
    /// <param name="file">From its position to its end; it can seek.</param>
    /// <param name="details">What it is.</param>
    /// <param name="progress">Gets the sealed bytes that are durable in the media store.</param>
    /// <param name="cancellationToken">Stops between two parts.</param>
    /// <exception cref="E2EException">The file has changed while it was read (<see cref="E2EError.ContentChanged"/>); nothing of what it is now
    /// has left.</exception>
    /// <returns>The reference, which is the caller's to dispose, and the name of the upload, which is forgotten once the message is durable.</returns>
    public async Task<(MediaReference Reference, byte[] Upload)> PutAsync(
        string to, Stream file, FileDetails details, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        long begin = file.Position;
        SegmentContents contents = await SegmentContents
            .ReadAsync(file, MediaSealingOptions.Default.Parameters.PlaintextLength, cancellationToken).ConfigureAwait(false);
        byte[] upload = NameOf(to, contents, details);
        file.Position = begin;
        UploadRecord record = await BeginAsync(upload, cancellationToken).ConfigureAwait(false);
        try
        {
            long sealedLength = MediaSealer.GetSealedLength(contents.Length, MediaSealingOptions.Default);
            long durable = await store.BeginPutAsync(record.MediaId, sealedLength, cancellationToken).ConfigureAwait(false);
            using MediaKey key = MediaKey.Import(record.FileKey);
            using var nonces = new SegmentNonces(record.NonceKey, contents);
            var target = new MediaPutStream(store, record.MediaId, sealedLength, durable, progress);
            await using (target.ConfigureAwait(false))
            {
                MediaDescription description = details.Describe(Convert.ToHexStringLower(record.MediaId));
                MediaReference reference = await MediaSealer.SealRepeatablyAsync(
                    file, target, key, record.Iv.ToArray(), nonces, description, cancellationToken).ConfigureAwait(false);
                return (reference, upload);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(record.Key);
        }
    }

    /// <summary>The message is durable: its file needs not be put again. Goes with the next batch.</summary>
    public void Forget(byte[] upload) => core.Leftovers.TryAdd(RecordKey.Uploads, [upload]);

    /// <summary>By what a call is recognised as the same one again: for whom, what it is called and what it is, and all of its content.</summary>
    private static byte[] NameOf(string to, SegmentContents contents, FileDetails details) => Sha256.Hash(new RecordWriter()
        .Field(RecordKey.Of(to)).Field(RecordKey.Of(details.FileName)).Field(RecordKey.Of(details.MediaType)).Byte((byte)details.Kind)
        .Int64(details.Width).Int64(details.Height).UInt64(details.DurationMilliseconds)
        .Field(details.Thumbnail.Span).Field(RecordKey.Of(details.Caption)).Field(contents.Digest).ToArray());

    /// <summary>Takes an upload up, or notes a new one: its keys are durable before the first byte leaves.</summary>
    private Task<UploadRecord> BeginAsync(byte[] upload, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Uploads],
        async work =>
        {
            if (!core.Leftovers.Contains(RecordKey.Uploads, upload)
                && await work.ReadSecretAsync(RecordKey.Uploads, upload).ConfigureAwait(false) is { } bytes)
            {
                try
                {
                    return UploadRecord.Decode(bytes);
                }
                finally
                {
                    CryptographicOperations.ZeroMemory(bytes);
                }
            }

            UploadRecord begun = UploadRecord.Begin(work.Now);
            work.PutSecret(RecordKey.Uploads, upload, begun.Encode());
            return begun;
        },
        cancellationToken);

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
