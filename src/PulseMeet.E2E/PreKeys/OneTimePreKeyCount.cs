namespace PulseMeet.E2E.PreKeys;

/// <summary>How many one-time prekeys of a device the directory still has.</summary>
/// <param name="Curve">X25519 one-time prekeys.</param>
/// <param name="PostQuantum">ML-KEM-768 one-time prekeys.</param>
public readonly record struct OneTimePreKeyCount(int Curve, int PostQuantum);
