using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Sqlite.Relay;

internal sealed partial class ConnectedDevice
{
    public Task<int> PublishPreKeysAsync(ReadOnlyMemory<byte> publication, CancellationToken cancellationToken = default)
    {
        VerifiedPublication published = VerifiedPublication.Read(publication, caller, time.GetUtcNow());
        return file.RunAsync(write => Directory.PublishPreKeys(write, caller, published), cancellationToken);
    }

    public Task<PreKeyStatus> GetPreKeyStatusAsync(CancellationToken cancellationToken = default) =>
        file.RunAsync(read => Directory.Status(read, caller), cancellationToken);

    public async Task PublishDeviceListAsync(ReadOnlyMemory<byte> deviceList, CancellationToken cancellationToken = default)
    {
        DeviceList list = VerifiedDeviceList.Read(deviceList, caller, time.GetUtcNow());
        List<long> leftOut = await file.RunAsync(write => Directory.PublishList(write, caller, list, deviceList), cancellationToken).ConfigureAwait(false);
        leftOut.ForEach(device => waiters.Wake(Topic.Mailbox(device)));
    }

    public Task<byte[]?> GetDeviceListAsync(string userId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        return file.RunAsync(read => Directory.List(read, userId), cancellationToken);
    }

    public Task<ClaimedBundles> ClaimBundlesAsync(
        string userId, IReadOnlyCollection<string> except, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        ArgumentNullException.ThrowIfNull(except);
        RelayRequest.IsWithin(except.Count, RelayLimits.MaxRequestItems);
        return file.RunAsync(write => Directory.ClaimBundles(write, userId, except), cancellationToken);
    }

    public Task<int> PublishKeyPackagesAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keyPackages, ReadOnlyMemory<byte> lastResort, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keyPackages);
        RelayRequest.AreKeyPackages(keyPackages, lastResort);
        return file.RunAsync(write => Directory.PublishKeyPackages(write, caller, keyPackages, lastResort), cancellationToken);
    }

    public Task<ClaimedBundles> ClaimKeyPackagesAsync(string userId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        return file.RunAsync(write => Directory.ClaimKeyPackages(write, userId), cancellationToken);
    }
}
