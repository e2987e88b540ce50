using System.Runtime.CompilerServices;

namespace PulseMeet.E2E.Diagnostics;

/// <summary>The last value of each of the owners of one gauge, for as long as the owner is there: several clients of a process
/// are not taken for one.</summary>
/// <remarks>Holds no owner in memory. Thread-safe.</remarks>
internal sealed class LiveValues<T>
{
    private readonly ConditionalWeakTable<object, Box> _values = [];

    /// <summary>The owners' values, in no order.</summary>
    public IReadOnlyList<T> All => [.. _values.Select(owned => owned.Value.Value)];

    public void Set(object owner, T value) => _values.AddOrUpdate(owner, new Box(value));

    /// <summary>The owner has ended: nothing is said of it any more.</summary>
    public void End(object owner) => _values.Remove(owner);

    /// <summary>Forgets all.</summary>
    public void Clear() => _values.Clear();

    private sealed record Box(T Value);
}
