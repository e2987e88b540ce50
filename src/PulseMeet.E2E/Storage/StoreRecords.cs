namespace PulseMeet.E2E.Storage;

/// <summary>The right to write a store, until somebody else has it.</summary>
/// <param name="Generation">Rises with every lease; a writer of an earlier generation is refused.</param>
/// <param name="Revision">The store's revision when the lease was taken; 0 for an empty store.</param>
/// <param name="Lost">Cancelled when the lease is no longer its holder's: it was taken over, or given back.</param>
public sealed record StoreLease(long Generation, long Revision, CancellationToken Lost);

/// <summary>A sealed record.</summary>
/// <param name="Key">1 to 255 bytes.</param>
/// <param name="Value">The sealed bytes; at most 16 MiB.</param>
public sealed record StoreRecord(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value);

/// <summary>One change of a batch.</summary>
/// <param name="Table">The table.</param>
/// <param name="Key">1 to 255 bytes.</param>
/// <param name="Value">The sealed bytes, or null to delete the record.</param>
#pragma warning disable CA1819 // A nullable memory would take an array that is null for an empty value.
public sealed record StoreChange(byte Table, ReadOnlyMemory<byte> Key, byte[]? Value);
#pragma warning restore CA1819
