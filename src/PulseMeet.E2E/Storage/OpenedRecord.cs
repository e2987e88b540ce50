namespace PulseMeet.E2E.Storage;

/// <summary>A record as <see cref="SealedStore"/> gives it out.</summary>
/// <param name="Key">1 to 255 bytes.</param>
/// <param name="Value">The plaintext; the caller's own, who zeroes it where it is secret.</param>
/// <param name="Revision">The store's revision after the batch that wrote it.</param>
/// <param name="Salt">16 bytes that name this write of it, for <see cref="StoreBatch.Expect"/>.</param>
internal sealed record OpenedRecord(ReadOnlyMemory<byte> Key, byte[] Value, long Revision, byte[] Salt)
{
    /// <summary>Neither key nor content.</summary>
    public override string ToString() => $"OpenedRecord of revision {Revision} ({Value.Length} bytes)";
}
