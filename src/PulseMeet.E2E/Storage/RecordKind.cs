namespace PulseMeet.E2E.Storage;

/// <summary>What lies sealed in the store: none opens as another.</summary>
/// <remarks>docs/protocol-storage.md, "Sealed record". The numbers are part of the format.</remarks>
internal enum RecordKind : byte
{
    Record = 1,
    Node = 2,
    Head = 3,
    RootKey = 4,
}
