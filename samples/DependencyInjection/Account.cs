using System.Security.Cryptography;
using PulseMeet.E2E;
using PulseMeet.E2E.Identity;

namespace DependencyInjection;

/// <summary>An account of the app: what outlives its host.</summary>
/// <param name="Name">By which the app asks for it.</param>
/// <param name="Device">The user and the device.</param>
/// <param name="File">Where its records lie.</param>
internal sealed record Account(string Name, DeviceAddress Device, string File)
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32); // In the operating system's key store.

    public Database Database { get; } = new();

    public IMasterKeySource MasterKeys => PulseMeet.E2E.MasterKeys.From(_ => ValueTask.FromResult<byte[]>([.. _key]));
}
