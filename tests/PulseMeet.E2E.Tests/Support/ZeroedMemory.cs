using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Support;

/// <summary>What this thread zeroed since, by the hook in the one place that zeroes.</summary>
internal sealed class ZeroedMemory : IDisposable
{
    private readonly List<byte[]> _zeroed = [];

    public ZeroedMemory() => SecretMemory.Observe(bytes => _zeroed.Add(bytes.ToArray()));

    /// <summary>How many times memory was zeroed.</summary>
    public int Count => _zeroed.Count;

    /// <summary>What was zeroed last.</summary>
    public byte[] Last => _zeroed[^1];

    /// <summary>Whether memory was zeroed in which these bytes stood.</summary>
    public bool Saw(ReadOnlySpan<byte> secret) => Times(secret) > 0;

    /// <summary>In how many places that were zeroed these bytes stood.</summary>
    public int Times(ReadOnlySpan<byte> secret)
    {
        int times = 0;
        foreach (byte[] bytes in _zeroed)
        {
            times += bytes.AsSpan().IndexOf(secret) >= 0 ? 1 : 0;
        }

        return times;
    }

    public void Dispose() => SecretMemory.Observe(null);
}
