using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Samples.Relay;

/// <summary>Tokens for trying: a user's and a device's id in Base64, and an HMAC-SHA-256 over them under a key that this process drew.
/// They name who calls, prove nothing about people, and end with the process.</summary>
internal sealed class TrialTokens
{
    public const string Scheme = "Trial";

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>The token; null where an id is empty or too long.</summary>
    public string? Issue(string? userId, string? deviceId)
    {
        if (!TryAddress(userId, deviceId, out DeviceAddress? address))
        {
            return null;
        }

        string name = $"{Encode(address.UserId)}.{Encode(address.DeviceId)}";
        return $"{name}.{Convert.ToHexStringLower(Mac(name))}";
    }

    /// <summary>Whom a token names; null where it is none of this process's.</summary>
    public DeviceAddress? Read(string token)
    {
        int end = token.LastIndexOf('.');
        if (end < 0 || !CryptographicOperations.FixedTimeEquals(
            System.Text.Encoding.UTF8.GetBytes(token[(end + 1)..]), System.Text.Encoding.UTF8.GetBytes(Convert.ToHexStringLower(Mac(token[..end])))))
        {
            return null;
        }

        string[] names = token[..end].Split('.');
        return new DeviceAddress(Decode(names[0]), Decode(names[1]));
    }

    private static bool TryAddress(string? userId, string? deviceId, [NotNullWhen(true)] out DeviceAddress? address)
    {
        try
        {
            address = new(userId ?? string.Empty, deviceId ?? string.Empty);
            return true;
        }
        catch (ArgumentException)
        {
            address = null;
            return false;
        }
    }

    private static string Encode(string name) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(name));

    private static string Decode(string name) => System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(name));

    private byte[] Mac(string name) => HMACSHA256.HashData(_key, System.Text.Encoding.UTF8.GetBytes(name));
}
