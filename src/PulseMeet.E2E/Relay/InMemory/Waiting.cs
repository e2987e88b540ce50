namespace PulseMeet.E2E.Relay;

/// <summary>Waiting on the relay's clock, outside its lock.</summary>
internal static class Waiting
{
    /// <summary>Waits for something to come, or until the time is over. Whether it came.</summary>
    /// <param name="coming">What is waited for.</param>
    /// <param name="wait">At most this long.</param>
    /// <param name="state">The clock and the lock.</param>
    /// <param name="stop">Ends the registration; called under the lock.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<bool> ForAsync(
        Task coming, TimeSpan wait, RelayState state, Action stop, CancellationToken cancellationToken)
    {
        try
        {
            await coming.WaitAsync(wait, state.Time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            lock (state.Lock)
            {
                stop();
            }
        }
    }
}
