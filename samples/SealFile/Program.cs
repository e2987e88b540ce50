using PulseMeet.E2E;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using SealFile;

// Seals and opens real files:
//   seal IN OUT                            writes OUT, and the reference that opens it to OUT.ref
//   open IN OUT --ref FILE
//   range IN OFFSET LENGTH --ref FILE      writes the range to standard output
// The reference holds the file's key: in an app it travels inside a sealed message.
const int Faulty = 1;
const int Misused = 2;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

try
{
    switch (args)
    {
        case ["seal", var source, var target]:
            await SealAsync(source, target);
            return 0;
        case ["open", var source, var target, "--ref", var referencePath]:
            await OpenAsync(source, target, referencePath);
            return 0;
        case ["range", var source, var offset, var length, "--ref", var referencePath]
            when long.TryParse(offset, out long from) && long.TryParse(length, out long count) && from >= 0 && count >= 0:
            await RangeAsync(source, from, count, referencePath);
            return 0;
        default:
            Console.Error.WriteLine("seal IN OUT | open IN OUT --ref FILE | range IN OFFSET LENGTH --ref FILE");
            return Misused;
    }
}
catch (Exception fault) when (fault
    is E2EException or IOException or UnauthorizedAccessException or OperationCanceledException or ArgumentException)
{
    Console.Error.WriteLine();
    Console.Error.WriteLine(fault.Message);
    return Faulty;
}

async Task SealAsync(string source, string target)
{
    string name = Path.GetFileName(source);
    using MediaKey key = MediaKey.Generate();
    using var bar = new ProgressBar(new FileInfo(source).Length);
    var options = new MediaSealingOptions { Workers = Environment.ProcessorCount };
    using MediaReference reference = await MediaFile.SealAsync(
        source, target, key, new MediaDescription(name, MediaKind.File) { FileName = name }, options, bar, stop.Token);
    try
    {
        References.Write(reference, target + ".ref");
    }
    catch
    {
        // Without its reference the sealed file can never be opened.
        File.Delete(target);
        throw;
    }
}

async Task OpenAsync(string source, string target, string referencePath)
{
    using MediaReference reference = References.Read(referencePath);
    using var bar = new ProgressBar(reference.Length);
    var options = new MediaOpeningOptions { Workers = Environment.ProcessorCount };
    await MediaFile.OpenAsync(reference, source, target, options, bar, stop.Token);
}

async Task RangeAsync(string source, long offset, long length, string referencePath)
{
    using MediaReference reference = References.Read(referencePath);
    await using SealedMediaStream media = await SealedMediaStream.OpenAsync(
        reference, File.OpenRead(source), cancellationToken: stop.Token);
    if (offset > media.Length || length > media.Length - offset)
    {
        throw new ArgumentException($"The file has {media.Length} bytes.");
    }

    // Each segment is verified before its bytes are written, and the end of the file before the first of them.
    await using Stream output = Console.OpenStandardOutput();
    media.Position = offset;
    byte[] piece = new byte[(int)Math.Min(length, 1024 * 1024)];
    for (long left = length; left > 0;)
    {
        int read = await media.ReadAsync(piece.AsMemory(0, (int)Math.Min(piece.Length, left)), stop.Token);
        await output.WriteAsync(piece.AsMemory(0, read), stop.Token);
        left -= read;
    }
}
