using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>A relay and a media store that <see cref="RelayConformance"/> looks at.</summary>
public sealed class RelayUnderTest
{
    /// <param name="relay">The relay; its clock is <paramref name="clock"/>.</param>
    /// <param name="media">The media store; its clock is <paramref name="clock"/>, its quota 64 MiB or more for each
    /// user.</param>
    /// <param name="clock">Moved forward by the checks of ages and waiting.</param>
    public RelayUnderTest(IE2ERelayServer relay, IMediaStoreServer media, ManualClock clock)
    {
        ArgumentNullException.ThrowIfNull(relay);
        ArgumentNullException.ThrowIfNull(media);
        ArgumentNullException.ThrowIfNull(clock);
        Relay = relay;
        Media = media;
        Clock = clock;
    }

    /// <summary>The relay.</summary>
    public IE2ERelayServer Relay { get; }

    /// <summary>The media store.</summary>
    public IMediaStoreServer Media { get; }

    /// <summary>The clock of both.</summary>
    public ManualClock Clock { get; }
}
