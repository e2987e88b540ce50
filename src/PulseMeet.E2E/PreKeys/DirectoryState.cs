namespace PulseMeet.E2E.PreKeys;

/// <summary>What a directory says that it holds of a device: what tells the device to publish. Its default is nothing at all.</summary>
/// <param name="OneTimePairs">One-time pairs of the published generation that are left.</param>
/// <param name="PublicationHash">The hash of the certificate and the signed pair that are published
/// (<see cref="PreKeyPublication.Hash"/>); empty where none are.</param>
public readonly record struct DirectoryState(int OneTimePairs, ReadOnlyMemory<byte> PublicationHash);
