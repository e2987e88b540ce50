namespace PulseMeet.E2E.Storage;

/// <summary>The right to write a store, until somebody else has it.</summary>
/// <param name="Generation">Rises with every lease; a writer of an earlier generation is refused.</param>
/// <param name="Revision">The store's revision when the lease was taken; 0 for an empty store.</param>
/// <param name="Lost">Cancelled when the holder is asked to hand over, or has lost the lease.</param>
public sealed record StoreLease(long Generation, long Revision, CancellationToken Lost);

/// <summary>A sealed record.</summary>
/// <param name="Key">1 to 255 bytes.</param>
/// <param name="Value">The sealed bytes; at most 16 MiB.</param>
public sealed record StoreRecord(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value);

/// <summary>One change of a batch.</summary>
/// <param name="Table">The table.</param>
/// <param name="Key">1 to 255 bytes.</param>
/// <param name="Value">The sealed bytes, or null to delete the record.</param>
public sealed record StoreChange(byte Table, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte>? Value);
