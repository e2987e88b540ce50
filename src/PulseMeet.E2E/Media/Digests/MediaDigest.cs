namespace PulseMeet.E2E.Media;

/// <summary>The digest of a reference.</summary>
/// <param name="Kind">Not <see cref="MediaDigestKind.None"/>.</param>
/// <param name="Value">32 bytes.</param>
internal sealed record MediaDigest(MediaDigestKind Kind, byte[] Value);
