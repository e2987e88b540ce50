namespace PulseMeet.E2E.Testing;

/// <summary>Chance that repeats itself: the same seed gives the same course of a test.</summary>
/// <remarks>SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). No source of keys.
/// Thread-safe; with concurrent callers it is their order that does not repeat.</remarks>
internal sealed class Chance(ulong seed)
{
    private readonly Lock _lock = new();
    private ulong _state = seed;

    /// <summary>Whether something of this probability (0 to 1) happens now.</summary>
    public bool Happens(double probability) => (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    /// <summary>A number from 0 to <paramref name="bound"/> - 1.</summary>
    public int Below(int bound) => (int)(Next() % (uint)bound);

    private ulong Next()
    {
        lock (_lock)
        {
            ulong mixed = _state += 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
