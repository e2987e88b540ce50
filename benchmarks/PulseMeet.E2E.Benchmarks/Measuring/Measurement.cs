namespace PulseMeet.E2E.Benchmarks.Measuring;

/// <summary>What one row of a table says. Durations are of one step, in nanoseconds.</summary>
/// <param name="Id">The row's name, as in budgets.json.</param>
/// <param name="Mean">The mean of all batches but the slowest tenth; see <see cref="BatchClock"/>.</param>
/// <param name="P99">The 99th percentile of single steps; NaN where only batches were timed.</param>
/// <param name="Undisturbed">The mean of the faster half of the batches by the clock on the wall: what peers are compared by.</param>
/// <param name="Allocated">Bytes of managed memory per step.</param>
/// <param name="Own">Bytes of managed memory per step that the baseline does not allocate; NaN without one.</param>
/// <param name="Baseline">The baseline's mean in the same run; NaN without one.</param>
/// <param name="Ratio">The median of the ratios of neighbouring batches of subject and baseline; NaN without one.</param>
internal sealed record Measurement(
    string Id,
    double Mean,
    double P99,
    double Undisturbed,
    double Allocated,
    double Own = double.NaN,
    double Baseline = double.NaN,
    double Ratio = double.NaN);
