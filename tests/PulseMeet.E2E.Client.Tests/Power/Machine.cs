using System.Diagnostics;

namespace PulseMeet.E2E.Client.Tests.Power;

/// <summary>What processes run on, with a folder for their files; its power may go.</summary>
/// <remarks>One campaign after another uses a folder of its own. For one caller at a time.</remarks>
internal sealed class Machine
{
    private readonly string _log;
    private readonly bool _losesPower;
    private readonly string? _lies;
    private Medium _medium;

    /// <param name="folder">Where the machine's folder is made.</param>
    /// <param name="name">The machine's.</param>
    /// <param name="losesPower">Whether it may: otherwise the files are what processes left to the operating system.</param>
    /// <param name="lies">The end of the names of files of which its disk says that they were synced although they were not; null for none.</param>
    public Machine(string folder, string name, bool losesPower, string? lies = null)
    {
        Folder = Path.Combine(folder, name);
        Directory.CreateDirectory(Folder);
        _log = Path.Combine(folder, name + ".log");
        _losesPower = losesPower;
        _lies = lies;
        _medium = new Medium(Folder);
    }

    /// <summary>The files, as a process sees them.</summary>
    public string Folder { get; }

    /// <summary>Changes that were not synced when the power went, and how many of them were lost.</summary>
    public (int Unsynced, int Lost) Changes { get; private set; }

    /// <summary>How much was written since the power came, in bytes.</summary>
    public long Written => new FileInfo(_log) is { Exists: true } log ? log.Length : 0;

    /// <summary>Lets a process run here.</summary>
    public ProcessStartInfo On(ProcessStartInfo start)
    {
        if (!_losesPower)
        {
            return start;
        }

        start.Environment["LD_PRELOAD"] = PowerLibrary.Path;
        start.Environment["POWER_ROOT"] = Folder;
        start.Environment["POWER_LOG"] = _log;
        if (_lies is not null)
        {
            start.Environment["POWER_LIES"] = _lies;
        }

        return start;
    }

    /// <summary>The power goes and comes back, after all processes have been killed: the files are what the medium has.</summary>
    /// <param name="draw">What is lost with it, by the number of steps.</param>
    public void LosePower(Func<int, PowerLoss> draw)
    {
        if (!_losesPower)
        {
            return;
        }

        DiskStep[] steps = [.. DiskStep.Read(_log)];
        PowerLoss loss = draw(steps.Length);
        Dictionary<string, MediumFile?> files = _medium.After(steps, loss);
        Changes = (Changes.Unsynced + loss.Asked, Changes.Lost + loss.Lost);
        Directory.Delete(Folder, recursive: true);
        Directory.CreateDirectory(Folder);
        foreach (string folder in files.Where(entry => entry.Value is null).Select(entry => entry.Key))
        {
            Directory.CreateDirectory(folder);
        }

        foreach ((string path, MediumFile? file) in files)
        {
            if (file is not null)
            {
                File.WriteAllBytes(path, file.Content);
            }
        }

        File.Delete(_log);
        _medium = new Medium(Folder);
    }

    /// <summary>Files that are not what the log of all that processes did makes of them: none, unless a change came by the log.</summary>
    public IReadOnlyList<string> Unlogged()
    {
        Dictionary<string, MediumFile?> files = _medium.After([.. DiskStep.Read(_log)], PowerLoss.OfNothing());
        string[] there = Directory.GetFiles(Folder, "*", SearchOption.AllDirectories);
        return
        [
            .. there.Except(files.Keys),
            .. files.Where(entry => entry.Value is { } file && !(there.Contains(entry.Key) && file.Content.SequenceEqual(File.ReadAllBytes(entry.Key))))
                .Select(entry => entry.Key),
        ];
    }
}
