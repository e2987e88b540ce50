using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>Which way a walk goes: how many people there are and what the relay does, by the seed, and what happens, step by step.</summary>
public sealed record Course(uint Seed, IReadOnlyList<uint> Steps)
{
    private const int MinSteps = 60;
    private const int MaxSteps = 100;

    internal Step[] StepsOf(WalkKind kind) => [.. Steps.Select(step => Step.Of(step, kind))];

    public override string ToString() => $"seed {Seed}: {string.Join(' ', Steps)}";

    /// <summary>Reads what <see cref="ToString"/> gave, and a failure has printed.</summary>
    private static Course Parse(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new(
            uint.Parse(parts[1].TrimEnd(':'), CultureInfo.InvariantCulture),
            [.. parts[2..].Select(step => uint.Parse(step, CultureInfo.InvariantCulture))]);
    }

    /// <summary>Any course, or the one that <c>PULSEMEET_SIMULATION_COURSE</c> names; one that fails is made shorter by leaving out steps, many at a
    /// time and then one by one, unless <c>PULSEMEET_SIMULATION_SHRINKS</c> says no.</summary>
    public static class Any
    {
        public static Arbitrary<Course> Courses()
        {
            if (Environment.GetEnvironmentVariable("PULSEMEET_SIMULATION_COURSE") is { } named)
            {
                return Arb.From(Gen.Constant(Parse(named)));
            }

            Gen<uint> number = Gen.Choose(0, int.MaxValue).Select(value => (uint)value);
            Gen<Course> course = from length in Gen.Choose(MinSteps, MaxSteps)
                                 from seed in number
                                 from steps in number.ArrayOf(length)
                                 select new Course(seed, steps);
            return Environment.GetEnvironmentVariable("PULSEMEET_SIMULATION_SHRINKS") == "no" ? Arb.From(course) : Arb.From(course, Shorter);
        }

        private static IEnumerable<Course> Shorter(Course course)
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
