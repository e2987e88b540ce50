using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.Relay;

/// <summary><see cref="InMemoryRelay"/> as one device sees it: the directory, and what belongs to a user.</summary>
internal sealed partial class InMemoryRelayView(RelayState state, DeviceAddress caller) : IE2ERelay
{
    public DeviceAddress Caller { get; } = caller;

    public Task<int> PublishPreKeysAsync(ReadOnlyMemory<byte> publication, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Answer.Of(() =>
        {
            RelayRequest.IsWithin(publication.Length, RelayLimits.MaxRequestSize);
            PreKeyPublication read = PreKeyPublication.Decode(publication.Span);
            if (read.Certificate.Address != Caller)
            {
                throw new E2EException(E2EError.WrongIdentity, "The publication is another device's.");
            }

            read.Verify(state.Now);
            lock (state.Lock)
            {
                RelayDevice device = state.Known(Caller);
                if (!device.Certificate.IsSameDevice(read.Certificate))
                {
                    throw new E2EException(E2EError.WrongIdentity, "The certificate has other keys than the device list.");
                }

                return device.PreKeys.Add(read);
            }
        });
    }

    public Task<PreKeyStatus> GetPreKeyStatusAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() =>
        {
            RelayDevice device = state.Known(Caller);
            return new PreKeyStatus(device.PreKeys.Left, device.KeyPackages.Left, device.PreKeys.Hash);
        });
    }

    public Task PublishDeviceListAsync(ReadOnlyMemory<byte> deviceList, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Answer.Of(() =>
        {
            RelayRequest.IsWithin(deviceList.Length, RelayLimits.MaxRequestSize);
            DeviceList list = DeviceList.Decode(deviceList.Span);
            DateTimeOffset now = state.Now;
            RelayRequest.IsWithin(list.Number, (now + RelayLimits.MaxClockLead).ToUnixTimeSeconds());
            list.VerifyFirstContact(Caller.UserId, now);
            lock (state.Lock)
            {
                state.UserFor(Caller.UserId).Take(list, Caller);
            }
        });
    }

    public Task<byte[]?> GetDeviceListAsync(string userId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() => state.FindUser(userId)?.List?.Encode());
    }

    public Task<ClaimedBundles> ClaimBundlesAsync(
        string userId, IReadOnlyCollection<string> except, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        ArgumentNullException.ThrowIfNull(except);
        cancellationToken.ThrowIfCancellationRequested();
        HashSet<string> excluded = [.. except];
        return Claim(userId, device => excluded.Contains(device.Address.DeviceId) ? null : device.PreKeys.Claim(), except.Count);
    }

    public Task<int> PublishKeyPackagesAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keyPackages,
        ReadOnlyMemory<byte> lastResort,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keyPackages);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() =>
        {
            RelayRequest.AreKeyPackages(keyPackages, lastResort);
            PublishedKeyPackages published = state.Known(Caller).KeyPackages;
            published.Add([.. keyPackages.Select(keyPackage => keyPackage.ToArray())], lastResort.ToArray());
            return published.Left;
        });
    }

    public Task<ClaimedBundles> ClaimKeyPackagesAsync(string userId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        cancellationToken.ThrowIfCancellationRequested();
        return Claim(userId, device => device.KeyPackages.Claim(), excepted: 0);
    }

    public Task PutRecoveryCopyAsync(ReadOnlyMemory<byte> recoveryCopy, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() =>
        {
            RelayRequest.IsWithin(recoveryCopy.Length, RelayLimits.MaxRecoveryCopySize);
            _ = state.Known(Caller);
            return state.UserFor(Caller.UserId).RecoveryCopy = recoveryCopy.ToArray();
        });
    }

    public Task<byte[]?> GetRecoveryCopyAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() => state.FindUser(Caller.UserId)?.RecoveryCopy is { } copy ? (byte[])[.. copy] : null);
    }

    public Task PutLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, ReadOnlyMemory<byte> answer, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(requestId);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() =>
        {
            RelayRequest.IsWithin(answer.Length, RelayLimits.MaxLinkAnswerSize);
            _ = state.Known(Caller);
            state.LinkAnswers.Put(Caller.UserId, new(requestId), answer.ToArray(), state.Now);
            return true;
        });
    }

    public async Task<byte[]?> GetLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(requestId);
        RelayRequest.IsWait(wait);
        cancellationToken.ThrowIfCancellationRequested();
        var key = new BytesKey(requestId);
        long start = state.Time.GetTimestamp();
        while (true)
        {
            TaskCompletionSource waiter;
            TimeSpan left = wait - state.Time.GetElapsedTime(start);
            lock (state.Lock)
            {
                byte[]? answer = state.LinkAnswers.Find(Caller.UserId, key, state.Now);
                if (answer is not null || left <= TimeSpan.Zero)
                {
                    return answer is null ? null : [.. answer];
                }

                waiter = state.LinkAnswers.Wait(Caller.UserId, key);
            }

            await Waiting.ForAsync(
                waiter.Task, left, state, () => state.LinkAnswers.StopWaiting(Caller.UserId, key, waiter), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private Task<ClaimedBundles> Claim(string userId, Func<RelayDevice, byte[]?> claim, int excepted) => Locked(() =>
    {
        RelayRequest.IsWithin(excepted, RelayLimits.MaxRequestItems);
        RelayUser? user = state.FindUser(userId);
        DeviceList list = user?.List ?? throw new E2EException(E2EError.UnknownDevice);
        Dictionary<string, ReadOnlyMemory<byte>> bundles = [];
        foreach (RelayDevice device in user.Devices.Values)
        {
            if (claim(device) is { } bundle)
            {
                bundles[device.Address.DeviceId] = bundle;
            }
        }

        return new ClaimedBundles(list.Encode(), bundles);
    });

    private Task<T> Locked<T>(Func<T> compute) => Answer.Of(() =>
    {
        lock (state.Lock)
        {
            return compute();
        }
    });
}
