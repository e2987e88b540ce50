namespace PulseMeet.E2E.Sqlite.Tests.Disk;

/// <summary>One step of what reached a disk.</summary>
/// <param name="Kind">W write, T truncation, S sync, D deletion.</param>
/// <param name="Path">The file.</param>
/// <param name="Offset">Where, or the new size.</param>
/// <param name="Bytes">What was written.</param>
/// <param name="Acknowledged">Batches that had been answered before it.</param>
internal sealed record DiskStep(char Kind, string Path, long Offset, byte[] Bytes, int Acknowledged);

/// <summary>What SQLite did to the files of one folder, in order; refuses a step where it is told to.</summary>
internal sealed class WatchedDisk
{
    /// <summary>SQLITE_FULL and SQLITE_READONLY.</summary>
    public const int Full = 13;
    public const int ReadOnly = 8;

    private readonly Lock _lock = new();
    private readonly List<DiskStep> _steps = [];
    private int _refuseFrom = int.MaxValue;
    private int _refuseCount;
    private int _code;

    public int Acknowledged { get; set; }

    public int Syncs => Steps.Count(step => step.Kind == 'S');

    public IReadOnlyList<DiskStep> Steps
    {
        get
        {
            lock (_lock)
            {
                return [.. _steps];
            }
        }
    }

    /// <summary>Refuses steps.</summary>
    /// <param name="from">Which one from now on: 0 is the next.</param>
    /// <param name="count">How many.</param>
    /// <param name="code">SQLite's reason.</param>
    public void Refuse(int from, int count, int code)
    {
        lock (_lock)
        {
            (_refuseFrom, _refuseCount, _code) = (_steps.Count + from, count, code);
        }
    }

    /// <summary>Whether a step was refused.</summary>
    public bool HasRefused { get; private set; }

    public int OnWrite(string path, ReadOnlySpan<byte> bytes, long offset) => On('W', path, offset, bytes.ToArray());

    public int OnTruncate(string path, long size) => On('T', path, size, []);

    public int OnSync(string path) => On('S', path, 0, []);

    public int OnDelete(string path) => On('D', path, 0, []);

    /// <summary>The files after a loss of power behind some steps: what was synced is there; of the rest each step is there or
    /// not, as the disk pleased.</summary>
    /// <param name="steps">All steps.</param>
    /// <param name="until">How many of them happened.</param>
    /// <param name="keeps">Whether a step that was not synced reached the medium.</param>
    public static Dictionary<string, byte[]> After(IReadOnlyList<DiskStep> steps, int until, Func<int, bool> keeps)
    {
        Dictionary<string, int> synced = [];
        for (int i = 0; i < until; i++)
        {
            if (steps[i].Kind is 'S' or 'D')
            {
                synced[steps[i].Path] = i;
            }
        }

        Dictionary<string, byte[]> files = [];
        for (int i = 0; i < until; i++)
        {
            DiskStep step = steps[i];
            if (i > synced.GetValueOrDefault(step.Path, -1) && !keeps(i))
            {
                continue;
            }

            byte[] file = files.GetValueOrDefault(step.Path, []);
            switch (step.Kind)
            {
                case 'W':
                    if (file.Length < step.Offset + step.Bytes.Length)
                    {
                        Array.Resize(ref file, (int)step.Offset + step.Bytes.Length);
                    }

                    step.Bytes.CopyTo(file, step.Offset);
                    break;
                case 'T':
                    Array.Resize(ref file, (int)step.Offset);
                    break;
                case 'D':
                    files.Remove(step.Path);
                    continue;
                default:
                    break;
            }

            files[step.Path] = file;
        }

        return files;
    }

    private int On(char kind, string path, long offset, byte[] bytes)
    {
        lock (_lock)
        {
            if (_steps.Count >= _refuseFrom && _refuseCount > 0 && kind != 'D')
            {
                _refuseCount--;
                HasRefused = true;
                return kind == 'S' && _code == Full ? 10 | (4 << 8) : _code;
            }

            _steps.Add(new DiskStep(kind, path, offset, bytes, Acknowledged));
            return 0;
        }
    }
}
