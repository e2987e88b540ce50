using System.Security.Cryptography;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>Users and devices that one check makes for itself on a relay.</summary>
internal sealed class RelayWorld(RelayUnderTest subject, CancellationToken cancellationToken)
{
    private readonly string _prefix = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public RelayUnderTest Subject { get; } = subject;

    public ManualClock Clock => Subject.Clock;

    public CancellationToken CancellationToken { get; } = cancellationToken;

    public static byte[] NewId() => RandomNumberGenerator.GetBytes(16);

    public static byte[] NewGroupId() => RandomNumberGenerator.GetBytes(32);

    /// <summary>A name that no other check uses.</summary>
    public string Name(string userId) => $"{userId}-{_prefix}";

    /// <summary>A user whose list names these devices.</summary>
    public async Task<RelayTestUser> UserAsync(string userId, params string[] deviceIds)
    {
        var user = new RelayTestUser(this, Name(userId));
        await user.ListAsync(deviceIds).ConfigureAwait(false);
        return user;
    }

    /// <summary>A user's only device.</summary>
    public async Task<RelayTestDevice> DeviceAsync(string userId) => (await UserAsync(userId, "phone").ConfigureAwait(false))["phone"];

    public IE2ERelay Connect(string userId, string deviceId) => Subject.Relay.Connect(new DeviceAddress(userId, deviceId));

    public IMediaStore Media(string userId) => Subject.Media.Connect(Name(userId));

    /// <summary>Lets a call that waits on the clock come to its end.</summary>
    public async Task<T> PassTimeAsync<T>(Task<T> waiting)
    {
        while (!waiting.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, CancellationToken).ConfigureAwait(false);
        }

        return await waiting.ConfigureAwait(false);
    }

    /// <summary>Runs calls at once, and gives their results in the order of the calls.</summary>
    public static Task<T[]> AtOnceAsync<T>(int count, Func<int, Task<T>> call) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(index => Task.Run(() => call(index))));
}
