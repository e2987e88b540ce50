namespace PulseMeet.E2E.Storage;

/// <summary>Which entries of the tree a scan takes, in the order of their names.</summary>
/// <param name="After">Only names above this one.</param>
/// <param name="Prefix">Only names that begin so.</param>
/// <param name="Max">The most entries.</param>
/// <param name="IsWanted">Which keys, without their table's byte; null for all.</param>
internal sealed record TreeRange(byte[] After, byte[] Prefix, int Max, Predicate<ReadOnlyMemory<byte>>? IsWanted);
