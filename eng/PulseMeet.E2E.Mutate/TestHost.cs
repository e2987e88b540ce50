using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace PulseMeet.E2E.Mutate;

/// <summary>Runs tests beside the mutated core, as lines on the standard input say: <c>cover</c> runs each method by itself and says which
/// changes it came by; <c>warm</c> sets all static fields; <c>run ID METHOD...</c> makes a change the active one and says whether a method fails.</summary>
internal sealed class TestHost(string tests, IReadOnlyList<string> filter)
{
    private readonly TextWriter _answers = Console.Out;

    public async Task<int> RunAsync(int active)
    {
        Console.SetOut(TextWriter.Null);
        Assembly assembly = Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, tests));
        Type control = Assembly.Load("PulseMeet.E2E").GetType("MutantControl")!;
        control.GetField("Active")!.SetValue(null, active);
        using var framework = new XunitTestFramework(new NullMessageSink());
        ITestCase[][] methods = Discover(framework, assembly);
        using ITestFrameworkExecutor executor = framework.GetExecutor(assembly.GetName());
        Answer($"ready {methods.Length}");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            string[] words = line.Split(' ');
            if (words[0] == "warm")
            {
                Warm(control.Assembly);
            }
            else if (words[0] == "cover")
            {
                Cover(executor, methods, control, int.Parse(words[1]));
            }
            else
            {
                control.GetField("Active")!.SetValue(null, int.Parse(words[1]));
                Try(executor, words[2..].Select(word => methods[int.Parse(word)]));
                control.GetField("Active")!.SetValue(null, active);
            }
        }

        return 0;
    }

    /// <summary>Makes what is made once in a process while no change is active.</summary>
    private void Warm(Assembly core)
    {
        foreach (Type type in core.GetTypes().Where(type => !type.ContainsGenericParameters))
        {
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        }

        Answer("warmed");
    }

    /// <summary>One method after the other, the quickest first: what hangs is then known soon.</summary>
    private void Try(ITestFrameworkExecutor executor, IEnumerable<ITestCase[]> methods)
    {
        foreach (ITestCase[] cases in methods)
        {
            if (Run(executor, cases) is { } failed)
            {
                Answer($"killed {failed}");
                return;
            }

            Answer("passed");
        }

        Answer("alive");
    }

    private void Cover(ITestFrameworkExecutor executor, ITestCase[][] methods, Type control, int count)
    {
        FieldInfo seen = control.GetField("Seen")!;
        for (int i = 0; i < methods.Length; i++)
        {
            var hits = new bool[count + 1];
            seen.SetValue(null, hits);
            long start = Stopwatch.GetTimestamp();
            string? failed = Run(executor, methods[i]);
            seen.SetValue(null, null);
            string name = $"{methods[i][0].TestMethod.TestClass.Class.Name}.{methods[i][0].TestMethod.Method.Name}";
            Answer($"{(failed is null ? "test" : "broken")} {name} {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} "
                + string.Join(',', Enumerable.Range(0, hits.Length).Where(id => hits[id])));
        }

        Answer("covered");
    }

    private ITestCase[][] Discover(XunitTestFramework framework, Assembly assembly)
    {
        using var sink = new Sink<IDiscoveryCompleteMessage>();
        using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
        discoverer.Find(includeSourceInformation: false, sink, new Options());
        sink.Wait();
        return
        [
            .. sink.Cases
                .Where(found => filter.Any(prefix => prefix[0] != '!' && found.DisplayName.Contains(prefix, StringComparison.Ordinal))
                    && !filter.Any(prefix => prefix[0] == '!' && found.DisplayName.Contains(prefix[1..], StringComparison.Ordinal)))
                .GroupBy(found => (found.TestMethod.TestClass.Class.Name, found.TestMethod.Method.Name))
                .OrderBy(group => group.Key)
                .Select(group => group.ToArray()),
        ];
    }

    /// <returns>The first test that fails; null where none does.</returns>
    private static string? Run(ITestFrameworkExecutor executor, IEnumerable<ITestCase> cases)
    {
        using var sink = new Sink<ITestAssemblyFinished>();
        executor.RunTests(cases, sink, new Options());
        sink.Wait();
        return sink.Failed;
    }

    private void Answer(string line)
    {
        _answers.WriteLine(line);
        _answers.Flush();
    }

    /// <summary>Collects test cases, and ends a run with its first failure.</summary>
    private sealed class Sink<TEnd> : IMessageSink, IDisposable
    {
        private readonly ManualResetEventSlim _ended = new();

        public List<ITestCase> Cases { get; } = [];

        public string? Failed { get; private set; }

        public bool OnMessage(IMessageSinkMessage message)
        {
            switch (message)
            {
                case ITestCaseDiscoveryMessage found:
                    Cases.Add(found.TestCase);
                    break;
                case ITestFailed failed:
                    Failed ??= failed.Test.DisplayName.Split('(')[0];
                    break;
                case TEnd:
                    _ended.Set();
                    break;
            }

            return Failed is null;
        }

        public void Wait() => _ended.Wait();

        public void Dispose() => _ended.Dispose();
    }

    /// <summary>One test at a time, theories as one case.</summary>
    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> _values = new()
        {
            ["xunit.execution.DisableParallelization"] = true,
            ["xunit.execution.MaxParallelThreads"] = 1,
            ["xunit.discovery.PreEnumerateTheories"] = false,
        };

        public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out object? value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }
}
