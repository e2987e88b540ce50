using System.Collections.Concurrent;
using System.Security.Cryptography;
using PulseMeet.E2E.Identity;

namespace DependencyInjection;

/// <summary>Who is logged in, in memory: an app has its own authentication.</summary>
internal sealed class Sessions
{
    public const string Scheme = "Session";

    private readonly ConcurrentDictionary<string, DeviceAddress> _devices = new(StringComparer.Ordinal);

    public string Begin(DeviceAddress device)
    {
        string token = RandomNumberGenerator.GetHexString(32);
        _devices[token] = device;
        return token;
    }

    public DeviceAddress? Find(string token) => _devices.GetValueOrDefault(token);
}
