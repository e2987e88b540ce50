namespace PulseMeet.E2E.Client.Tests.Power;

/// <summary>What a loss of power spares of the steps that were not synced.</summary>
/// <param name="spares">Asked for each step, and where it <paramref name="tears"/> for each sector of a write.</param>
/// <param name="tears">Whether a write may reach the medium in part.</param>
internal sealed class PowerLoss(Func<int, bool> spares, bool tears = false)
{
    public bool Tears => tears;

    /// <summary>What was asked for, and what of it was lost.</summary>
    public int Asked { get; private set; }

    public int Lost { get; private set; }

    /// <summary>No step is lost: what a process leaves to the operating system when it is killed.</summary>
    public static PowerLoss OfNothing() => new(_ => true);

    /// <summary>Everything is lost that was not synced.</summary>
    public static PowerLoss OfAll() => new(_ => false);

    /// <summary>Everything that was not synced; or any of it; or any of its sectors; or all that came behind one step.</summary>
    /// <param name="chance">Which of these, and what.</param>
    /// <param name="steps">How many steps there are.</param>
    public static PowerLoss Draw(Random chance, int steps)
    {
        int last = chance.Next(Math.Max(0, steps - 40), steps + 1);
        return chance.Next(4) switch
        {
            0 => OfAll(),
            1 => new PowerLoss(_ => chance.Next(2) == 0),
            2 => new PowerLoss(_ => chance.Next(2) == 0, tears: true),
            _ => new PowerLoss(number => number < last),
        };
    }

    public bool Spares(int number)
    {
        bool isSpared = spares(number);
        Asked++;
        Lost += isSpared ? 0 : 1;
        return isSpared;
    }
}
