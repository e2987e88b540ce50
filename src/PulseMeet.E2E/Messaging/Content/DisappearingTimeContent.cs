using System.Buffers.Binary;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>How long messages of the conversation are to be kept from now on.</summary>
public sealed class DisappearingTimeContent : MessageContent
{
    /// <summary>The longest time: ten years.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromDays(3650);

    internal DisappearingTimeContent(TimeSpan time)
    {
        if (time < TimeSpan.Zero || time > MaxTime || time.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            throw new ArgumentException("The time is not in whole seconds from 0 to ten years.", nameof(time));
        }

        Time = time;
    }

    /// <summary>The time; zero for as long as one likes.</summary>
    public TimeSpan Time { get; }

    internal override ushort Type => ContentType.DisappearingTime;

    internal override byte[] EncodeBody()
    {
        byte[] body = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(body, (uint)Time.TotalSeconds);
        return body;
    }
}
