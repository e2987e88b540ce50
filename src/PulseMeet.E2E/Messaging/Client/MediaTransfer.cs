using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>Seals files into a media store, and opens them out of it.</summary>
internal sealed class MediaTransfer(ClientCore core, IMediaStore store)
{
    private const int ReadingSize = 64 * 1024;

    /// <summary>Seals a file and puts it there whole. What of it is there already, from a call that was interrupted, is not sent again.</summary>
    /// <param name="to">For whom it is.</param>
    /// <param name="file">From its position to its end; it can seek.</param>
    /// <param name="details">What it is.</param>
    /// <param name="progress">Gets the sealed bytes that are durable in the media store.</param>
    /// <param name="cancellationToken">Stops between two parts.</param>
    /// <returns>The reference, which is the caller's to dispose, and the name of the upload, which is forgotten once the message is durable.</returns>
    public async Task<(MediaReference Reference, byte[] Upload)> PutAsync(
        string to, Stream file, FileDetails details, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        long begin = file.Position;
        long length = file.Length - begin;
        byte[] upload = await NameAsync(to, file, details, cancellationToken).ConfigureAwait(false);
        file.Position = begin;
        UploadRecord record = await BeginAsync(upload, cancellationToken).ConfigureAwait(false);
        try
        {
            long sealedLength = MediaSealer.GetSealedLength(length, MediaSealingOptions.Default);
            long durable = await store.BeginPutAsync(record.MediaId, sealedLength, cancellationToken).ConfigureAwait(false);
            var description = new MediaDescription(Convert.ToHexStringLower(record.MediaId), details.Kind)
            {
                FileName = details.FileName,
                MediaType = details.MediaType,
                Width = details.Width,
                Height = details.Height,
                DurationMilliseconds = details.DurationMilliseconds,
                Thumbnail = details.Thumbnail,
            };
            using MediaKey key = MediaKey.Import(record.FileKey);
            using var nonces = new SegmentNonces(record.NonceKey);
            var target = new MediaPutStream(store, record.MediaId, durable, progress);
            await using (target.ConfigureAwait(false))
            {
                MediaReference reference = await MediaSealer.SealRepeatablyAsync(
                    file, target, key, record.Iv.ToArray(), nonces, description, cancellationToken).ConfigureAwait(false);
                await target.FlushAsync(cancellationToken).ConfigureAwait(false);
                if (target.Position != sealedLength)
                {
                    reference.Dispose();
                    throw new E2EException(E2EError.ContentChanged, "The file has another length than when it was begun.");
                }

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
    private static async Task<byte[]> NameAsync(string to, Stream file, FileDetails details, CancellationToken cancellationToken)
    {
        using var hash = new IncrementalSha256();
        hash.Append(new RecordWriter()
            .Field(RecordKey.Of(to)).Field(RecordKey.Of(details.FileName)).Field(RecordKey.Of(details.MediaType)).Byte((byte)details.Kind)
            .Int64(details.Width).Int64(details.Height).UInt64(details.DurationMilliseconds)
            .Field(details.Thumbnail.Span).Field(RecordKey.Of(details.Caption)).ToArray());
        byte[] buffer = new byte[ReadingSize];
        try
        {
            while (await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                hash.Append(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }

        return hash.Current();
    }

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
