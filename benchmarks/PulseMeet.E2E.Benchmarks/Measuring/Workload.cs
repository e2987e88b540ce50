namespace PulseMeet.E2E.Benchmarks.Measuring;

/// <summary>Something to measure: a step that is repeated, and what has to be ready before a batch of steps.</summary>
internal sealed class Workload(Action step, Action<int>? prepare = null)
{
    /// <summary>Makes ready, outside the measured time, what that many steps use up.</summary>
    public void Prepare(int steps) => prepare?.Invoke(steps);

    /// <summary>The same, with something set before each batch.</summary>
    public Workload Under(Action set) => new(
        step,
        steps =>
        {
            set();
            prepare?.Invoke(steps);
        });

    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            step();
        }
    }

    public static implicit operator Workload(Action step) => new(step);
}
