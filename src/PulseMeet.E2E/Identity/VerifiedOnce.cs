using System.Runtime.InteropServices;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>What was verified in this process, keys and signature, by the SHA-256 of all its bytes: nothing is verified twice. Validity in
/// time is no part of it, and is looked at on every use.</summary>
/// <remarks>Bounded: the one that came first goes first. Public bytes only. Thread-safe.</remarks>
/// <typeparam name="T">What is kept of each.</typeparam>
/// <param name="capacity">The most that are kept.</param>
internal sealed class VerifiedOnce<T>(int capacity)
    where T : class
{
    /// <summary>For all certificates of a process, or all signed prekey pairs: about 1.2 MB of certificates.</summary>
    public const int SharedCapacity = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<Name, T> _verified = [];
    private readonly Queue<Name> _order = new();

    /// <summary>How many are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _verified.Count;
            }
        }
    }

    /// <summary>What was verified of exactly these bytes; null where nothing was, or long ago.</summary>
    public T? Find(ReadOnlySpan<byte> encoded)
    {
        var name = Name.Of(encoded);
        lock (_lock)
        {
            return _verified.GetValueOrDefault(name);
        }
    }

    /// <summary>Keeps what has passed every check but that of its time.</summary>
    public void Add(ReadOnlySpan<byte> encoded, T verified)
    {
        var name = Name.Of(encoded);
        lock (_lock)
        {
            if (!_verified.TryAdd(name, verified))
            {
                return;
            }

            _order.Enqueue(name);
            if (_order.Count > capacity)
            {
                _verified.Remove(_order.Dequeue());
            }
        }
    }

    /// <summary>Forgets everything, as after a restart.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _verified.Clear();
            _order.Clear();
        }
    }

    /// <summary>A hash of 32 bytes as a key.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Name(ulong First, ulong Second, ulong Third, ulong Fourth)
    {
        public static Name Of(ReadOnlySpan<byte> encoded)
        {
            Span<byte> hash = stackalloc byte[Sha256.Size];
            Sha256.Hash(encoded, hash);
            return MemoryMarshal.Read<Name>(hash);
        }
    }
}
