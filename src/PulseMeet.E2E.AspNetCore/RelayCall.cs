using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>An authenticated call: who calls, and with what.</summary>
/// <param name="Caller">Out of the app's authentication.</param>
/// <param name="Relay">The relay for the caller.</param>
/// <param name="Media">The media store for the caller's user.</param>
/// <param name="Body">The request.</param>
/// <param name="Aborted">The caller is gone.</param>
internal sealed record RelayCall(
    DeviceAddress Caller, IE2ERelay Relay, IMediaStore Media, ReadOnlyMemory<byte> Body, CancellationToken Aborted);
