using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>docs/guides/testing.md shows what compiles and runs.</summary>
public sealed class TheTestingGuide
{
    [Fact]
    public void Every_snippet_is_a_region_of_the_sample_and_every_region_is_a_snippet() => Snippets.AssertAre("testing.md", "AppTests");
}
