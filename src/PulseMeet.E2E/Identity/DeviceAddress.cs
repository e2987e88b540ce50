namespace PulseMeet.E2E.Identity;

/// <summary>A device of a user: the two identifiers that certificates and sessions bind.</summary>
/// <remarks>Compared byte by byte: an app that has several spellings of an id (such as upper-case UUIDs) chooses one.</remarks>
public sealed record DeviceAddress
{
    /// <summary>The longest user id or device id, in bytes of UTF-8.</summary>
    public const int MaxIdSize = 64;

    /// <param name="userId">The user: 1 to 64 bytes in UTF-8.</param>
    /// <param name="deviceId">The device: 1 to 64 bytes in UTF-8.</param>
    /// <exception cref="ArgumentException">An id is empty, too long or not well-formed Unicode.</exception>
    public DeviceAddress(string userId, string deviceId)
    {
        Argument.IsText(userId, MaxIdSize);
        Argument.IsText(deviceId, MaxIdSize);
        UserId = userId;
        DeviceId = deviceId;
    }

    /// <summary>The user.</summary>
    public string UserId { get; }

    /// <summary>The device.</summary>
    public string DeviceId { get; }
}
