using System.Diagnostics.CodeAnalysis;
using PulseMeet.E2E;
using PulseMeet.E2E.Storage;

namespace AppTests.App;

/// <summary>The file of a <see cref="SnapshotStore"/>, and who has it.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It is there as long as the process.")]
internal sealed class Snapshot(string path)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile Contents _contents = Contents.Read(path);
    private CancellationTokenSource? _holder;
    private FileStream? _lock;

    public static IComparer<byte[]> Order { get; } = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));

    /// <summary>What is in it as of the last batch; never half of one.</summary>
    public Contents Contents => _contents;

    public async Task<StoreLease> AcquireAsync(bool handover, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_holder is not null && !handover)
            {
                throw new E2EException(E2EError.StoreInUse);
            }

            CancellationTokenSource? before = _holder;
            if (_lock is null)
            {
                // Nobody of this process has it: another one may, or has had it.
                _lock = TakeFile();
                _contents = Contents.Read(path);
            }

            Contents next = _contents with { Generation = _contents.Generation + 1 };
            await WriteAsync(next);
            _holder = new CancellationTokenSource();
            if (before is not null)
            {
                await before.CancelAsync();
            }

            return new StoreLease(next.Generation, next.Revision, _holder.Token);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_holder is { } holder && lease.Generation == _contents.Generation)
            {
                _holder = null;
                await holder.CancelAsync();
                await _lock!.DisposeAsync();
                _lock = null;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task ChangeAsync(StoreLease lease, Func<Contents, Contents> change, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_holder is null || lease.Generation != _contents.Generation)
            {
                throw new E2EException(E2EError.StoreInUse, "The lease was lost.");
            }

            await WriteAsync(change(_contents));
        }
        finally
        {
            _turn.Release();
        }
    }

    private FileStream TakeFile()
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new E2EException(E2EError.StoreInUse, "Another process has it.", exception);
        }
    }

    /// <summary>The new contents take the place of the old ones as a whole.</summary>
    private async Task WriteAsync(Contents contents)
    {
        try
        {
            await using (var file = new FileStream(path + ".new", FileMode.Create))
            {
                await contents.WriteAsync(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(path + ".new", path, overwrite: true);
        }
        catch (IOException exception)
        {
            throw new E2EException(E2EError.StoreFailed, "The file cannot be written.", exception);
        }

        _contents = contents;
    }
}
