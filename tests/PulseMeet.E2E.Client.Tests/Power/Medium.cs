namespace PulseMeet.E2E.Client.Tests.Power;

/// <summary>A folder as it lies on its medium, below what the operating system still holds in memory.</summary>
/// <remarks>A file's sync brings its bytes and its length there, not its name; a folder's sync brings the names there. What was not synced
/// reaches the medium or does not, each change by itself: POSIX promises no more, and file systems that keep the order of names are kinder.</remarks>
internal sealed class Medium
{
    private readonly string _root;
    private readonly Dictionary<string, MediumFile?> _names = [];
    private readonly Dictionary<string, List<(int Number, Action Act)>> _waiting = [];
    private readonly List<MediumFile> _files = [];

    /// <param name="root">The folder, all of which is on the medium now.</param>
    public Medium(string root)
    {
        _root = root;
        foreach (string folder in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories))
        {
            _names[folder] = null;
        }

        foreach (string file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            _files.Add(new MediumFile(File.ReadAllBytes(file)));
            _names[file] = _files[^1];
        }
    }

    /// <summary>The files by name, after all steps and the loss of power behind them.</summary>
    public Dictionary<string, MediumFile?> After(IReadOnlyList<DiskStep> steps, PowerLoss loss)
    {
        // What a process sees, by name and by inode.
        var seen = new Dictionary<string, MediumFile?>(_names);
        var inodes = new Dictionary<ulong, MediumFile>();
        for (int i = 0; i < steps.Count; i++)
        {
            Do(i, steps[i], seen, inodes);
        }

        _files.ForEach(file => file.Settle(loss));
        foreach ((int number, Action act) in _waiting.Values.SelectMany(changes => changes).OrderBy(change => change.Number))
        {
            if (loss.Spares(number))
            {
                act();
            }
        }

        // What lies in a folder that is not there is not there either.
        return _names.Where(entry => Parents(entry.Key).All(_names.ContainsKey)).ToDictionary();
    }

    private void Do(int number, DiskStep step, Dictionary<string, MediumFile?> seen, Dictionary<ulong, MediumFile> inodes)
    {
        switch (step.Kind)
        {
            case 'C':
                _files.Add(inodes[step.File] = new MediumFile([]));
                Name(number, step.Path, inodes[step.File], seen);
                break;
            case 'M':
                Name(number, step.Path, null, seen);
                break;
            case 'O':
                inodes[step.File] = seen[step.Path]!;
                break;
            case 'W' or 'T':
                inodes[step.File].Do(number, step);
                break;
            case 'S':
                inodes[step.File].Sync();
                break;
            case 'D':
                seen.Remove(step.Path);
                Change(number, step.Path, () => _names.Remove(step.Path));
                break;
            case 'R':
                Rename(number, step.Path, step.NewPath, seen);
                break;
            case 'F':
                if (_waiting.Remove(step.Path, out List<(int Number, Action Act)>? changes))
                {
                    changes.ForEach(change => change.Act());
                }

                break;
            default:
                throw new InvalidDataException($"A step {step.Kind}.");
        }
    }

    private void Name(int number, string path, MediumFile? file, Dictionary<string, MediumFile?> seen)
    {
        seen[path] = file;
        Change(number, path, () => _names[path] = file);
    }

    private void Rename(int number, string path, string newPath, Dictionary<string, MediumFile?> seen)
    {
        seen.Remove(path, out MediumFile? file);
        seen[newPath] = file;
        bool stays = Path.GetDirectoryName(path) == Path.GetDirectoryName(newPath);
        Change(number, newPath, () =>
        {
            _names[newPath] = file;
            if (stays)
            {
                _names.Remove(path);
            }
        });
        if (!stays)
        {
            Change(number, path, () => _names.Remove(path));
        }
    }

    private void Change(int number, string path, Action act)
    {
        string folder = Path.GetDirectoryName(path)!;
        if (!_waiting.TryGetValue(folder, out List<(int Number, Action Act)>? changes))
        {
            _waiting[folder] = changes = [];
        }

        changes.Add((number, act));
    }

    private IEnumerable<string> Parents(string path)
    {
        for (string folder = Path.GetDirectoryName(path)!; folder.Length > _root.Length; folder = Path.GetDirectoryName(folder)!)
        {
            yield return folder;
        }
    }
}
