namespace PulseMeet.E2E;

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What: a primitive with its backend, or a part of the device's state.</param>
/// <param name="Detail">For a primitive, what its backend is used for; else what was looked at.</param>
/// <param name="IsRight">Whether it is as it has to be.</param>
/// <param name="Reason">Why not, where there is a reason.</param>
public sealed record SecureKeyExchangeCheck(string Name, string Detail, bool IsRight, E2EError? Reason = null);
