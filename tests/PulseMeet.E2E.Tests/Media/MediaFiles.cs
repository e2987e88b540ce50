using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>A file under its own name is a whole file; a refused or interrupted one leaves nothing behind.</summary>
public sealed class MediaFiles : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pulsemeet-media-").FullName;

    [Fact]
    public async Task Files_seal_and_open_and_replace_what_was_there()
    {
        byte[] content = Sample.Bytes(300_000);
        await File.WriteAllBytesAsync(At("in"), content);
        await File.WriteAllBytesAsync(At("out"), [1, 2, 3]);
        using MediaKey key = MediaKey.Generate();
        using MediaReference reference = await MediaFile.SealAsync(At("in"), At("sealed"), key, Sample.Description);
        await MediaFile.OpenAsync(reference, At("sealed"), At("out"));
        Assert.Equal(content, await File.ReadAllBytesAsync(At("out")));
        Assert.Equal(["in", "out", "sealed"], Names());
    }

    [Fact]
    public async Task A_refused_file_leaves_neither_target_nor_partial_file_and_an_existing_target_as_it_was()
    {
        Sample sample = Sample.OfThreeSegments();
        byte[] changed = [.. sample.Sealed];
        changed[^1] ^= 1;
        await File.WriteAllBytesAsync(At("sealed"), changed);
        await Assert.ThrowsAsync<E2EException>(() => MediaFile.OpenAsync(sample.Reference, At("sealed"), At("out")));
        Assert.Equal(["sealed"], Names());

        await File.WriteAllBytesAsync(At("out"), [1, 2, 3]);
        await Assert.ThrowsAsync<E2EException>(() => MediaFile.OpenAsync(sample.Reference, At("sealed"), At("out")));
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(At("out")));
        Assert.Equal(["out", "sealed"], Names());
    }

    [Fact]
    public async Task A_cancelled_sealing_leaves_nothing_behind()
    {
        await File.WriteAllBytesAsync(At("in"), Sample.Bytes(300_000));
        using MediaKey key = MediaKey.Generate();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => MediaFile.SealAsync(
            At("in"), At("sealed"), key, Sample.Description, cancellationToken: new CancellationToken(true)));
        Assert.Equal(["in"], Names());
    }

    [Fact]
    public async Task A_missing_source_leaves_nothing_behind()
    {
        await Assert.ThrowsAsync<FileNotFoundException>(() => MediaFile.OpenAsync(
            Sample.Of(1).Reference, At("missing"), At("out")));
        Assert.Empty(Names());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private string[] Names() => [.. Directory.EnumerateFileSystemEntries(_folder).Select(p => Path.GetFileName(p)!).Order()];
}
