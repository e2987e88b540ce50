using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace PulseMeet.E2E.Client.Tests.Pulses;

/// <summary>Which way a walk of a pulse chat goes: how many people there are, what the chat allows and what the relay does, by the seed; and what
/// happens, step by step.</summary>
public sealed record PulseCourse(uint Seed, IReadOnlyList<uint> Steps)
{
    private const int MinSteps = 30;
    private const int MaxSteps = 60;

    internal IEnumerable<PulseStep> Walk => Steps.Select(PulseStep.Of);

    public override string ToString() => $"seed {Seed}: {string.Join(' ', Steps)}, that is: {string.Join(", ", Walk)}";

    /// <summary>Any course, or always the one that <c>PULSEMEET_SIMULATION_COURSE</c> names (its seed, a colon and its steps, as a walk that failed
    /// says them); one that fails is made shorter by leaving out steps, many at a time and then one by one, unless
    /// <c>PULSEMEET_SIMULATION_SHRINKS</c> says no.</summary>
    public static class Any
    {
        public static Arbitrary<PulseCourse> Courses()
        {
            Gen<uint> number = Gen.Choose(0, int.MaxValue).Select(value => (uint)value);
            Gen<PulseCourse> course = from length in Gen.Choose(MinSteps, MaxSteps)
                                      from seed in number
                                      from steps in number.ArrayOf(length)
                                      select new PulseCourse(seed, steps);
            if (Environment.GetEnvironmentVariable("PULSEMEET_SIMULATION_COURSE") is { } named)
            {
                uint[] numbers = [.. named.Replace("seed ", string.Empty, StringComparison.Ordinal).Split([':', ' '], StringSplitOptions.RemoveEmptyEntries).Select(part => uint.Parse(part, CultureInfo.InvariantCulture))];
                course = Gen.Constant(new PulseCourse(numbers[0], numbers[1..]));
            }

            return Environment.GetEnvironmentVariable("PULSEMEET_SIMULATION_SHRINKS") == "no" ? Arb.From(course) : Arb.From(course, Shorter);
        }

        private static IEnumerable<PulseCourse> Shorter(PulseCourse course)
        {
            for (int size = course.Steps.Count / 2; size > 0; size /= 2)
            {
                for (int at = 0; at + size <= course.Steps.Count; at += size)
                {
                    yield return course with { Steps = [.. course.Steps.Take(at), .. course.Steps.Skip(at + size)] };
                }
            }
        }
    }
}

/// <summary>A property over walks of pulse chats: the same three each time, or as many as <c>PULSEMEET_SIMULATION_WALKS</c> says, others each time.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PulseWalksAttribute : PropertyAttribute
{
    public PulseWalksAttribute()
    {
        string? walks = Environment.GetEnvironmentVariable("PULSEMEET_SIMULATION_WALKS");
        MaxTest = walks is null ? 3 : int.Parse(walks, CultureInfo.InvariantCulture);
        Replay = walks is null ? "2026113008,949981251405878633" : null!;
        Arbitrary = [typeof(PulseCourse.Any)];
    }
}
