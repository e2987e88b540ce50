namespace PulseMeet.E2E.Client.Tests.Power;

/// <summary>The campaign's own ground: a medium keeps what was synced, and nothing else for certain.</summary>
public sealed class Mediums : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pulsemeet-medium").FullName;

    private string A => Path.Combine(_folder, "a");

    private string B => Path.Combine(_folder, "b");

    [Fact]
    public void What_was_synced_is_there_and_later_writes_are_not()
    {
        Dictionary<string, MediumFile?> files = After(
            PowerLoss.OfAll(), Step('C', A), Step('W', "early"), Step('S', A), Step('F', _folder), Step('W', "later", at: 5), Step('T', string.Empty, at: 2));
        Assert.Equal("early"u8, files[A]!.Content);
    }

    [Fact]
    public void A_name_that_was_not_synced_is_not_there_nor_gone_nor_changed()
    {
        Assert.Empty(After(PowerLoss.OfAll(), Step('C', A), Step('W', "early"), Step('S', A)));
        Assert.Equal([A], After(PowerLoss.OfAll(), Step('C', A), Step('F', _folder), Step('D', A)).Keys);
        Assert.Equal([A], After(PowerLoss.OfAll(), Step('C', A), Step('F', _folder), Step('R', A, B)).Keys);
        Assert.Equal([B], After(PowerLoss.OfAll(), Step('C', A), Step('R', A, B), Step('F', _folder)).Keys);
    }

    [Fact]
    public void What_was_not_synced_may_be_there_in_part_and_a_write_in_sectors()
    {
        DiskStep[] steps = [Step('C', A), Step('F', _folder), Step('W', new string('x', 1500))];
        Assert.Equal(1500, After(PowerLoss.OfNothing(), steps)[A]!.Content.Length);
        int asked = 0;
        byte[] torn = After(new PowerLoss(_ => asked++ == 1, tears: true), steps)[A]!.Content.ToArray();
        Assert.Equal([.. new byte[512], .. Enumerable.Repeat((byte)'x', 512)], torn);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static DiskStep Step(char kind, string first, string second = "", long at = 0) =>
        new(kind, File: 1, at, System.Text.Encoding.UTF8.GetBytes(first), System.Text.Encoding.UTF8.GetBytes(second));

    private Dictionary<string, MediumFile?> After(PowerLoss loss, params DiskStep[] steps) => new Medium(_folder).After(steps, loss);
}
