namespace PulseMeet.E2E.Media;

/// <summary>What a reference's digest is of.</summary>
public enum MediaDigestKind
{
    /// <summary>There is no digest: one who holds the key can serve other bytes to each reader.</summary>
    None = 0,

    /// <summary>SHA-256 of the whole sealed file: read, and written no more. Ranges do not compare it.</summary>
    Flat = 1,

    /// <summary>The root of a tree of SHA-256 digests over the segments: ranges compare it, too.</summary>
    Tree = 2,
}
