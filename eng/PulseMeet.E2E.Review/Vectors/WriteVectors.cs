namespace PulseMeet.E2E.Review.Vectors;
internal sealed class WriteVectors : ISubcommand
{
    public string Name => "vectors";
    public string Usage => "vectors DIR";
    public int Run(string[] args) => ExitCode.Usage;
}
