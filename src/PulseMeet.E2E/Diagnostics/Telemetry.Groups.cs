using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace PulseMeet.E2E.Diagnostics;

/// <summary>What groups emit: commits that became theirs, candidates that did not, and changes that have to be made anew.</summary>
internal static partial class Telemetry
{
    private static readonly Counter<long> s_commits = TheMeter.Instance.CreateCounter<long>(
        "pulsemeet.e2e.group.commits", "{commit}", "Commits that a group took, by whom; and candidates that were passed over, by reason.");

    private static readonly Counter<long> s_rebases = TheMeter.Instance.CreateCounter<long>(
        "pulsemeet.e2e.group.rebases", "{commit}", "Commits of this device that lost their epoch to another one, so that what they change is made anew.");

    /// <summary>The activity of making a commit; null where nobody listens.</summary>
    public static Activity? CommitBegins() => s_activities.StartActivity("commit");

    /// <summary>As <see cref="HandshakeFailed"/>, for an exception filter.</summary>
    public static bool CommitFailed(Activity? activity, E2EError reason)
    {
        Failed(activity, reason);
        return false;
    }

    /// <param name="wasOwn">Whether it is this device's.</param>
    /// <param name="isRebase">Whether one of this device's lost to it.</param>
    public static void CommitTaken(bool wasOwn, bool isRebase)
    {
        s_commits.Add(1, new KeyValuePair<string, object?>("pulsemeet.e2e.commit.by", wasOwn ? "this_device" : "other_device"));
        if (isRebase)
        {
            s_rebases.Add(1);
        }
    }

    public static void CommitPassedOver(E2EError reason)
    {
        if (s_commits.Enabled)
        {
            s_commits.Add(1, new KeyValuePair<string, object?>(ErrorType, reason.ToString()));
        }
    }
}
