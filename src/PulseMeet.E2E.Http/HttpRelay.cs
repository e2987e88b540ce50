using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Http;

/// <summary>A relay over HTTP, as one device sees it: docs/protocol-http.md. The server is <c>MapE2ERelay</c> of
/// PulseMeet.E2E.AspNetCore, or another with the same wire.</summary>
/// <remarks>
/// Calls that are safe to repeat are repeated by themselves, with growing pauses; a claim only where it was certainly not carried
/// out. Whatever else comes in place of an answer is <see cref="E2EError.RelayUnavailable"/>; without the right to call,
/// <see cref="E2EError.NotAllowed"/>. Thread-safe. The <see cref="HttpClient"/> is the app's and is not disposed; its
/// <see cref="HttpClient.Timeout"/> should be longer than a minute, or waiting is cut short.
/// </remarks>
public sealed partial class HttpRelay : IE2ERelay
{
    private readonly RelayTransport _transport;

    /// <param name="client">Calls the server, with the app's own handlers.</param>
    /// <param name="address">Where the relay is mapped, such as <c>https://chat.example/e2e</c>.</param>
    /// <param name="caller">The device that the server takes the caller for: its authentication decides, not this.</param>
    /// <param name="options">Authentication, timeouts and attempts.</param>
    /// <param name="time">The clock of timeouts and pauses.</param>
    /// <exception cref="ArgumentException">The address is not absolute, not of HTTP, or has a query; or an option is outside its
    /// range.</exception>
    public HttpRelay(HttpClient client, Uri address, DeviceAddress caller, HttpRelayOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(caller);
        Caller = caller;
        _transport = new(client, address, options, time);
    }

    /// <inheritdoc/>
    public DeviceAddress Caller { get; }

    /// <inheritdoc/>
    public async Task<int> PublishPreKeysAsync(ReadOnlyMemory<byte> publication, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsWithin(publication.Length, RelayLimits.MaxRequestSize);
        return RelayTransport.Read(
            await _transport.CallAsync(RelayPaths.PublishPreKeys, publication, cancellationToken).ConfigureAwait(false), ReadNumber);
    }

    /// <inheritdoc/>
    public async Task<PreKeyStatus> GetPreKeyStatusAsync(CancellationToken cancellationToken = default) => RelayTransport.Read(
        await _transport.CallAsync(RelayPaths.PreKeyStatus, default, cancellationToken).ConfigureAwait(false), RelayWire.ReadStatus);

    /// <inheritdoc/>
    public Task PublishDeviceListAsync(ReadOnlyMemory<byte> deviceList, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsWithin(deviceList.Length, RelayLimits.MaxRequestSize);
        return _transport.CallAsync(RelayPaths.PublishDeviceList, deviceList, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<byte[]?> GetDeviceListAsync(string userId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        return _transport.CallAsync(RelayPaths.GetDeviceList, RelayWire.Write(writer => writer.Text(userId)), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ClaimedBundles> ClaimBundlesAsync(
        string userId, IReadOnlyCollection<string> except, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        ArgumentNullException.ThrowIfNull(except);
        RelayRequest.IsWithin(except.Count, RelayLimits.MaxRequestItems);
        byte[] body = RelayWire.Write(writer =>
        {
            writer.Text(userId);
            writer.Many(except, writer.Text);
        });
        return RelayTransport.Read(
            await _transport.CallAsync(RelayPaths.ClaimBundles, body, cancellationToken, Repeatable.WhereNotDone).ConfigureAwait(false),
            RelayWire.ReadClaimed);
    }

    /// <inheritdoc/>
    public async Task<int> PublishKeyPackagesAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keyPackages,
        ReadOnlyMemory<byte> lastResort,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keyPackages);
        RelayRequest.AreKeyPackages(keyPackages, lastResort);
        byte[] body = RelayWire.Write(writer =>
        {
            writer.Many(keyPackages, writer.Field);
            writer.Field(lastResort);
        });
        return RelayTransport.Read(
            await _transport.CallAsync(RelayPaths.PublishKeyPackages, body, cancellationToken).ConfigureAwait(false), ReadNumber);
    }

    /// <inheritdoc/>
    public async Task<ClaimedBundles> ClaimKeyPackagesAsync(string userId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        byte[] body = RelayWire.Write(writer => writer.Text(userId));
        return RelayTransport.Read(
            await _transport.CallAsync(RelayPaths.ClaimKeyPackages, body, cancellationToken, Repeatable.WhereNotDone).ConfigureAwait(false),
            RelayWire.ReadClaimed);
    }

    /// <inheritdoc/>
    public Task PutRecoveryCopyAsync(ReadOnlyMemory<byte> recoveryCopy, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsWithin(recoveryCopy.Length, RelayLimits.MaxRecoveryCopySize);
        return _transport.CallAsync(RelayPaths.PutRecovery, recoveryCopy, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<byte[]?> GetRecoveryCopyAsync(CancellationToken cancellationToken = default) =>
        _transport.CallAsync(RelayPaths.GetRecovery, default, cancellationToken);

    /// <inheritdoc/>
    public Task PutLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, ReadOnlyMemory<byte> answer, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(requestId);
        RelayRequest.IsWithin(answer.Length, RelayLimits.MaxLinkAnswerSize);
        byte[] body = RelayWire.Write(writer =>
        {
            writer.Bytes(requestId);
            writer.Bytes(answer);
        });
        return _transport.CallAsync(RelayPaths.PutLinkAnswer, body, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<byte[]?> GetLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(requestId);
        RelayRequest.IsWait(wait);
        byte[] body = RelayWire.Write(writer =>
        {
            writer.Bytes(requestId);
            writer.UInt32((int)wait.TotalMilliseconds);
        });
        return _transport.CallAsync(RelayPaths.GetLinkAnswer, body, cancellationToken, wait: wait);
    }

    private static int ReadNumber(ref WireReader reader) => reader.Int32();
}
