using System.Threading.RateLimiting;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>The rates of each user: what one sends too much takes nothing from the others.</summary>
internal sealed class RelayLimiters : IDisposable
{
    public RelayLimiters(E2ERelayOptions options)
    {
        Calls = PerMinute(options.CallsPerMinute);
        Claims = PerMinute(options.ClaimsPerMinute);
        Waiting = PartitionedRateLimiter.Create<string, string>(userId => RateLimitPartition.GetConcurrencyLimiter(
            userId, _ => new ConcurrencyLimiterOptions { PermitLimit = options.WaitingCalls }));
    }

    public PartitionedRateLimiter<string> Calls { get; }

    public PartitionedRateLimiter<string> Claims { get; }

    public PartitionedRateLimiter<string> Waiting { get; }

    public void Dispose()
    {
        Calls.Dispose();
        Claims.Dispose();
        Waiting.Dispose();
    }

    private static PartitionedRateLimiter<string> PerMinute(int calls) => PartitionedRateLimiter.Create<string, string>(
        userId => RateLimitPartition.GetTokenBucketLimiter(userId, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = calls,
            TokensPerPeriod = Math.Max(1, calls / 60),
            ReplenishmentPeriod = TimeSpan.FromMinutes(1) * Math.Max(1, calls / 60) / calls,
        }));
}
