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
    public bool Saw(ReadOnlySpan<byte> secret)
    {
        foreach (byte[] bytes in _zeroed)
        {
            if (bytes.AsSpan().IndexOf(secret) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose() => SecretMemory.Observe(null);
}
