namespace PulseMeet.E2E.Wasm;

/// <summary>Starts nothing: the page calls <see cref="Device.Measure"/>.</summary>
internal static class Program
{
    private static void Main()
    {
    }
}
