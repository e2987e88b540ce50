using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Review;

/// <summary>The iterated vector of RFC 7748, section 5.2, a million times: takes minutes, so that the tests stop at 1,000.</summary>
internal sealed class X25519Million : ISubcommand
{
    private const int Iterations = 1_000_000;
    private const string Expected = "7c3911e0ab2586fd864497297e575e6f3bc601c0883c30df5f4dd2d24f665424";

    public string Name => "x25519-million";

    public string Usage => "x25519-million          RFC 7748's iterated vector, a million times";

    public int Run(string[] args)
    {
        byte[] k = new byte[X25519.KeySize];
        k[0] = 9;
        byte[] u = [.. k];
        byte[] r = new byte[X25519.KeySize];
        for (int i = 0; i < Iterations; i++)
        {
            X25519.TryAgree(k, u, r);
            (k, u, r) = (r, k, u);
        }

        bool passed = Convert.ToHexStringLower(k) == Expected;
        Console.WriteLine($"after {Iterations:N0} iterations: {(passed ? "as published" : "NOT as published")}");
        return passed ? ExitCode.Passed : ExitCode.Failed;
    }
}
