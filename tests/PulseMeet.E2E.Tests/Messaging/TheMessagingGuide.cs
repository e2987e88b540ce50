using System.Globalization;
using System.Text.RegularExpressions;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Tests.Architecture;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>docs/guides/messaging.md shows what compiles and runs, and names what is there.</summary>
public sealed partial class TheMessagingGuide
{
    private static readonly string s_guide = File.ReadAllText(Path.Combine(Sources.Repository(), "docs", "guides", "messaging.md"));

    [Fact]
    public void Every_snippet_is_a_region_of_the_sample_and_every_region_is_a_snippet() => Snippets.AssertAre("messaging.md", "Guide");

    [Fact]
    public void Every_kind_of_event_has_a_row() => Assert.Equal(
        typeof(E2EEvent).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(E2EEvent))).Select(type => type.Name).Order(),
        EventRow().Matches(s_guide).SelectMany(row => Name().Matches(row.Groups[1].Value)).Select(name => name.Groups[1].Value).Order());

    [Fact]
    public void The_bounds_are_those_of_the_code()
    {
        string[] rows =
        [
            $"own | {Kib(TextContent.MaxSize)}; {Kib(MediaContent.MaxCaptionSize)}; {Kib(AppContent.MaxDataSize)} |",
            $"sealed | {Number(Conversations.MaxWaiting)} |",
            $"one device | {Number(WaitingEnvelopes.MaxForMessages)} |",
            $"a pulse chat that wait | {Number(PulseMessages.MaxWaiting)} |",
            $"not accepted | {Number(PulseJoining.MaxOfStrangers)} |",
            $"events that the app has not taken | {Number(ClientCore.MaxInbox)} |",
            $"accepted | {Number(HeldRecord.MaxPerUser)}, {Kib(HeldRecord.MaxBytesPerStranger)} |",
            $"accepted | {Number(Requests.Max)} |",
            $"again | {SentRecord.MaxAge.Days} days,",
            $"asked for | {new E2EClientOptions().GapDelay.Minutes} minute (`GapDelay`) |",
            $"relay | {Number(RelayLimits.MaxMailboxItems)} envelopes, {RelayLimits.MaxMailboxBytes >> 20} MiB, {RelayLimits.MaxEnvelopeAge.Days} days; a quarter",
            $"account | {IdentityLimits.MaxDevices} |",
        ];
        Assert.All(rows, row => Assert.Contains(row, s_guide, StringComparison.Ordinal));
        Assert.Equal(0.25, RelayLimits.MaxSenderShare);
        Assert.Equal(TimeSpan.FromMinutes(10), LinkRequest.Lifetime);
    }

    private static string Kib(int bytes) => $"{bytes / 1024} KiB";

    private static string Number(int count) => count.ToString("N0", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| ((?:`\w+`(?:, )?)+) \|", RegexOptions.Multiline)]
    private static partial Regex EventRow();

    [GeneratedRegex(@"`(\w+)`")]
    private static partial Regex Name();
}
