using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PulseMeet.E2E.Mutate;

/// <summary>The core with all changes of one room in it, compiled over the one that the tests came with.</summary>
internal static class MutatedCore
{
    private const int MaxRounds = 12;

    private const string Control = """
        internal static class MutantControl
        {
            public static volatile int Active;
            public static bool[]? Seen;

            public static bool Is(int id)
            {
                if (Seen is { } seen)
                {
                    seen[id] = true;
                }

                return Active == id;
            }
        }
        """;

    private static readonly CSharpParseOptions s_parse = new(LanguageVersion.Preview);

    /// <returns>The changes that compile, by their numbers from 1 on.</returns>
    public static IReadOnlyList<Mutant> Compile(string repository, string bin, string room)
    {
        string core = Path.Combine(repository, "src", "PulseMeet.E2E");
        string[] files =
        [
            .. Directory.GetFiles(core, "*.cs", SearchOption.AllDirectories).Where(file => !IsBuilt(core, file)),
            .. Directory.GetFiles(Path.Combine(core, "obj", "Release", "net10.0"), "*.cs"),
        ];
        SyntaxTree[] trees = [.. files.Select(file => Parse(File.ReadAllText(file), file)), Parse(Control, "MutantControl.cs")];
        string prefix = Path.Combine(core, room) + Path.DirectorySeparatorChar;
        CSharpCompilation compilation = WithImports(CSharpCompilation.Create(
            "PulseMeet.E2E",
            trees,
            References(bin),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable)));
        ResourceDescription[] resources =
        [
            new("PulseMeet.E2E.Verification.english.txt", () => File.OpenRead(Path.Combine(core, "Verification", "english.txt")), isPublic: true),
        ];
        HashSet<int> disabled = [];
        for (int round = 0; round < MaxRounds; round++)
        {
            CSharpCompilation mutated = compilation;
            List<Mutant> mutants = [];
            List<SyntaxTree> changed = [];
            int next = 1;
            foreach (SyntaxTree tree in trees.Where(tree => tree.FilePath.StartsWith(prefix, StringComparison.Ordinal)))
            {
                var mutator = new Mutator(compilation.GetSemanticModel(tree), Path.GetRelativePath(core, tree.FilePath), next, disabled);
                SyntaxNode root = mutator.Visit(tree.GetRoot())!;
                changed.Add(tree.WithRootAndOptions(root, s_parse));
                mutated = mutated.ReplaceSyntaxTree(tree, changed[^1]);
                mutants.AddRange(mutator.Mutants);
                next = mutator.NextId;
            }

            // The room's files alone, as the others are as they were.
            Diagnostic[] errors = ErrorsOf(changed.SelectMany(tree => mutated.GetSemanticModel(tree).GetDiagnostics()));
            using var assembly = new MemoryStream();
            if (errors.Length == 0)
            {
                errors = ErrorsOf(mutated.Emit(assembly, manifestResources: resources).Diagnostics);
            }

            if (errors.Length == 0)
            {
                File.WriteAllBytes(Path.Combine(bin, "PulseMeet.E2E.dll"), assembly.ToArray());
                return mutants;
            }

            int before = disabled.Count;
            foreach (Diagnostic error in errors)
            {
                disabled.UnionWith(CausesOf(error));
            }

            if (disabled.Count == before)
            {
                throw new InvalidOperationException(string.Join('\n', errors.Take(5).Select(error => error.ToString())));
            }
        }

        throw new InvalidOperationException("The changes do not compile.");
    }

    /// <summary>With what the framework's generator writes for the calls of a native library, which are partial methods.</summary>
    private static CSharpCompilation WithImports(CSharpCompilation compilation)
    {
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string packs = Path.Combine(runtime, "..", "..", "..", "packs", "Microsoft.NETCore.App.Ref");
        string pack = Directory.GetDirectories(packs, $"{Environment.Version.Major}.*").Max()!;
        Assembly assembly = Assembly.LoadFrom(Path.GetFullPath(Path.Combine(pack, "analyzers", "dotnet", "cs", "Microsoft.Interop.LibraryImportGenerator.dll")));
        var generator = (IIncrementalGenerator)Activator.CreateInstance(assembly.GetType("Microsoft.Interop.LibraryImportGenerator", throwOnError: true)!)!;
        _ = CSharpGeneratorDriver.Create([generator.AsSourceGenerator()], parseOptions: s_parse)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation imported, out _);
        return (CSharpCompilation)imported;
    }

    private static Diagnostic[] ErrorsOf(IEnumerable<Diagnostic> found) =>
        [.. found.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)];

    /// <summary>The change that an error stands in; where it stands in none, all of the member.</summary>
    private static IEnumerable<int> CausesOf(Diagnostic error)
    {
        SyntaxNode? node = error.Location.SourceTree?.GetRoot().FindNode(error.Location.SourceSpan, getInnermostNodeForTie: true);
        for (SyntaxNode? at = node; at is not null and not MemberDeclarationSyntax; at = at.Parent)
        {
            int[] ids = [.. IdsOf(at)];
            if (ids.Length > 0)
            {
                return ids;
            }
        }

        SyntaxNode? member = node?.AncestorsAndSelf().FirstOrDefault(at => at is MemberDeclarationSyntax);
        return member?.DescendantNodesAndSelf().SelectMany(IdsOf) ?? [];
    }

    private static IEnumerable<int> IdsOf(SyntaxNode node) =>
        node.GetAnnotations(Mutator.Annotation).Select(annotation => int.Parse(annotation.Data!));

    private static SyntaxTree Parse(string text, string path) =>
        CSharpSyntaxTree.ParseText(text, s_parse, path, System.Text.Encoding.UTF8);

    private static bool IsBuilt(string core, string file) =>
        Path.GetRelativePath(core, file).Split(Path.DirectorySeparatorChar)[0] is "bin" or "obj";

    private static IEnumerable<MetadataReference> References(string bin) =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) == Path.GetDirectoryName(typeof(object).Assembly.Location))
            .Concat(new[] { "BouncyCastle.Cryptography.dll", "Microsoft.Extensions.DependencyInjection.Abstractions.dll" }
                .Select(name => Path.Combine(bin, name)))
            .Select(path => MetadataReference.CreateFromFile(path));
}
