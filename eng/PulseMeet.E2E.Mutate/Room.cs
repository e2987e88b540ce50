namespace PulseMeet.E2E.Mutate;

/// <summary>Counts how many changes of a room's code its tests notice.</summary>
internal sealed class Room(string repository, string bin, string room, string filter)
{
    private const string Clock = "the clock";

    private HostProcess? _host;
    private int _last;

    private string List => Path.Combine(repository, "artifacts", "mutation", $"{room.Replace('/', '-')}.txt");

    private string NoticedList => Path.ChangeExtension(List, ".noticed.txt");

    /// <param name="again">Whether what was noticed by the count before, whose lists are there, counts as noticed.</param>
    public async Task<int> RunAsync(bool again)
    {
        IReadOnlyList<Mutant> mutants = MutatedCore.Compile(repository, bin, room);
        _last = mutants.Max(mutant => mutant.Id);
        Console.Error.WriteLine($"{room}: {mutants.Count} changes compile.");
        TestMethod[] first = await CoverAsync();
        TestMethod[] second = await CoverAsync();
        Console.Error.WriteLine($"{room}: {first.Length} tests.");
        List<string> alive = [];
        Dictionary<string, string> before = again ? NoticedBefore() : [];
        List<string> noticed = [.. mutants.Where(mutant => before.ContainsKey(KeyOf(mutant))).Select(mutant => $"{mutant}\n    {before[KeyOf(mutant)]}")];
        mutants = [.. mutants.Where(mutant => !before.ContainsKey(KeyOf(mutant)))];
        Console.Error.WriteLine($"{room}: {mutants.Count} to try.");
        int done = 0;
        foreach (Mutant mutant in mutants)
        {
            TestMethod[] tests = [.. first.Where(test => test.Hits.Contains(mutant.Id)).OrderBy(test => test.Milliseconds)];
            string? by = tests.Length == 0 ? null : await TryAsync(mutant, tests, patience: 1);

            // A busy machine is no test: what ran out of time gets more of it.
            by = by == Clock ? await TryAsync(mutant, tests, patience: 4) : by;

            // What runs once in a process, such as a static field, is changed only in a process of its own.
            if (by is null && tests.Any(test => !second[test.Index].Hits.Contains(mutant.Id)))
            {
                by = await TryAnewAsync(mutant, [.. first.OrderBy(test => test.Milliseconds)]);
            }

            if (by is null)
            {
                alive.Add($"{mutant}{(tests.Length == 0 ? "\n    no test comes by" : string.Empty)}");
            }
            else
            {
                noticed.Add($"{mutant}\n    {by}");
            }

            if (++done % 50 == 0)
            {
                Console.Error.WriteLine($"{room}: {done} of {mutants.Count}, {noticed.Count} noticed");
            }
        }

        _host?.Dispose();
        await File.WriteAllLinesAsync(List, alive);
        await File.WriteAllLinesAsync(NoticedList, noticed);
        int all = alive.Count + noticed.Count;
        Console.WriteLine($"{room}: {noticed.Count} of {all} noticed, {100.0 * noticed.Count / all:F1} %");
        return 0;
    }

    /// <summary>By which test each change was noticed: those alone that no other change of the same file reads like that lived.</summary>
    private Dictionary<string, string> NoticedBefore()
    {
        HashSet<string> lived = [.. Entries(List).Select(entry => entry.Key)];
        return Entries(NoticedList).Where(entry => !lived.Contains(entry.Key)).DistinctBy(entry => entry.Key)
            .ToDictionary(entry => entry.Key, entry => entry.By);
    }

    /// <summary>Lines move between two counts; what is written there hardly does.</summary>
    private static IEnumerable<(string Key, string By)> Entries(string list)
    {
        string[] lines = File.ReadAllLines(list);
        for (int i = 0; i + 2 < lines.Length; i++)
        {
            if (!lines[i].StartsWith(' '))
            {
                yield return ($"{lines[i].Split(':')[0]}\n{lines[i + 1]}\n{lines[i + 2]}", i + 3 < lines.Length ? lines[i + 3].Trim() : string.Empty);
            }
        }
    }

    private static string KeyOf(Mutant mutant) => $"{mutant.File}\n    {mutant.Before}\n    -> {mutant.After}";

    private async Task<TestMethod[]> CoverAsync()
    {
        _host ??= await HostProcess.StartAsync(bin, filter, active: 0);
        await _host.AskAsync($"cover {_last}");
        List<TestMethod> tests = [];
        while (await _host.AnswerAsync(TimeSpan.FromMinutes(10)) is { } line && line != "covered")
        {
            string[] words = line.Split(' ');
            if (words[0] == "broken")
            {
                throw new InvalidOperationException($"{words[1]} fails without any change.");
            }

            tests.Add(new(tests.Count, words[1], int.Parse(words[2]), [.. words[3].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)]));
        }

        return [.. tests];
    }

    /// <returns>What noticed the change; null where nothing did.</returns>
    private async Task<string?> TryAsync(Mutant mutant, IReadOnlyList<TestMethod> tests, int patience)
    {
        await WarmAsync();
        await AskAsync(mutant.Id, tests);
        (string? by, TestMethod? test) = await JudgeAsync(tests, patience);
        if (test is null || await PassesAsync(test))
        {
            return by;
        }

        // It fails without any change, too: what was made once in this process was made under an earlier one. A new process makes all
        // of that first.
        _host?.Dispose();
        _host = null;
        await CoverAsync();
        await AskAsync(mutant.Id, tests);
        return (await JudgeAsync(tests, patience)).By;
    }

    /// <summary>A process that has computed every static field without a change, such as whether a backend can be used: one that computes it
    /// under the change would go round what was changed.</summary>
    private async Task WarmAsync()
    {
        if (_host is null)
        {
            _host = await HostProcess.StartAsync(bin, filter, active: 0);
            await _host.AskAsync("warm");
            await _host.AnswerAsync(TimeSpan.FromMinutes(1));
        }
    }

    private async Task<bool> PassesAsync(TestMethod test)
    {
        await WarmAsync();
        await AskAsync(0, [test]);
        return (await JudgeAsync([test], patience: 4)).By is null;
    }

    private async Task<string?> TryAnewAsync(Mutant mutant, IReadOnlyList<TestMethod> tests)
    {
        _host?.Dispose();
        _host = await HostProcess.StartAsync(bin, filter, mutant.Id);
        await AskAsync(mutant.Id, tests);
        string? by = (await JudgeAsync(tests, patience: 4)).By;
        _host?.Dispose();
        _host = null;
        return by;
    }

    private Task AskAsync(int active, IEnumerable<TestMethod> tests) =>
        _host!.AskAsync($"run {active} {string.Join(' ', tests.Select(test => test.Index))}");

    /// <returns>What noticed the change, null where nothing did; and the test that failed, null where none did or the clock ran out.</returns>
    private async Task<(string? By, TestMethod? Test)> JudgeAsync(IReadOnlyList<TestMethod> tests, int patience)
    {
        for (int i = 0; i <= tests.Count; i++)
        {
            int usual = i < tests.Count ? tests[i].Milliseconds : 0;
            string? answer = await _host!.AnswerAsync(patience * TimeSpan.FromMilliseconds(10_000 + (10.0 * usual)));
            if (answer is null)
            {
                _host.Dispose();
                _host = null;
                return (Clock, null);
            }

            if (answer != "passed")
            {
                return answer == "alive" || i == tests.Count ? (null, null) : (answer, tests[i]);
            }
        }

        return (null, null);
    }

    /// <param name="Index">In the child's order.</param>
    /// <param name="Name">Class and method.</param>
    /// <param name="Milliseconds">How long it took.</param>
    /// <param name="Hits">The changes that it comes by.</param>
    private sealed record TestMethod(int Index, string Name, int Milliseconds, HashSet<int> Hits);
}
