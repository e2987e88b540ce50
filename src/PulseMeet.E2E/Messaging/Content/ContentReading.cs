using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>What several formats of this room have in common.</summary>
internal static class ContentReading
{
    public const int MaxAddressSize = 2 * (2 + DeviceAddress.MaxIdSize);

    /// <summary>A moment in eight bytes of Unix milliseconds.</summary>
    /// <exception cref="E2EException">Outside the years 1 to 9999 (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static DateTimeOffset Milliseconds(ref SpanReader reader)
    {
        long milliseconds = reader.ReadInt64();
        if (milliseconds < DateTimeOffset.MinValue.ToUnixTimeMilliseconds()
            || milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            throw new E2EException(E2EError.InvalidEncoding, "A time is out of range.");
        }

        return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
    }
}
