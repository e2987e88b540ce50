using System.Runtime.InteropServices;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>Certificates that were verified in this process, keys and signature, by the SHA-256 of their whole encoding: none is verified
/// twice. Their validity in time is no part of it, and is looked at on every use.</summary>
/// <remarks>Bounded: the one that came first goes first. Public bytes only. Thread-safe.</remarks>
/// <param name="capacity">The most that are kept.</param>
internal sealed class VerifiedCertificates(int capacity)
{
    /// <summary>About 1.2 MB where it is full.</summary>
    private const int SharedCapacity = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<Name, DeviceCertificate> _certificates = [];
    private readonly Queue<Name> _order = new();

    public static VerifiedCertificates Shared { get; } = new(SharedCapacity);

    /// <summary>How many are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _certificates.Count;
            }
        }
    }

    /// <summary>The certificate of exactly these bytes; null where it was not verified here, or long ago.</summary>
    public DeviceCertificate? Find(ReadOnlySpan<byte> encoded)
    {
        var name = Name.Of(encoded);
        lock (_lock)
        {
            return _certificates.GetValueOrDefault(name);
        }
    }

    /// <summary>Keeps a certificate that has passed every check but that of its time.</summary>
    public void Add(DeviceCertificate verified)
    {
        var name = Name.Of(verified.Encoded);
        lock (_lock)
        {
            if (!_certificates.TryAdd(name, verified))
            {
                return;
            }

            _order.Enqueue(name);
            if (_order.Count > capacity)
            {
                _certificates.Remove(_order.Dequeue());
            }
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
