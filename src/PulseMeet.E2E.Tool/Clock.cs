namespace PulseMeet.E2E.Tool;

/// <summary>The tool is the app that chooses the clock, here and nowhere else.</summary>
internal static class Clock
{
#pragma warning disable RS0030
    public static TimeProvider System => TimeProvider.System;
#pragma warning restore RS0030
}
