namespace PulseMeet.E2E.Mls;

/// <summary>The Welcomes of a commit, one for each joiner (RFC 9420, sections 12.4.1 and 12.4.3.1).</summary>
internal static class WelcomeCreation
{
    /// <param name="next">The epoch that the commit begins.</param>
    /// <param name="applied">The commit's proposals.</param>
    /// <param name="path">The commit's path, if it has one.</param>
    /// <param name="joinerSecret">joiner_secret.</param>
    /// <param name="memberSecret">The secret that welcome_secret is derived from.</param>
    /// <param name="withTree">Whether the tree goes with it.</param>
    public static List<JoinerWelcome> Create(
        EpochState next, AppliedProposals applied, PathCreation? path, MlsSecret joinerSecret, MlsSecret memberSecret, bool withTree)
    {
        var welcomes = new List<JoinerWelcome>();
        if (applied.Added.Count == 0)
        {
            return welcomes;
        }

        MlsSuite suite = next.Suite;
        using MlsSecret welcomeSecret = KeySchedule.Welcome(suite, memberSecret);
        byte[] groupInfo = Welcome.SealGroupInfo(
            suite, welcomeSecret, GroupInfoCreation.Create(next, withExternalKey: false, withTree));
        for (int i = 0; i < applied.Added.Count; i++)
        {
            using var secrets = new GroupSecrets(
                joinerSecret.Copy(), path?.SecretFor(applied.Added[i]).Copy(), [.. applied.Psks]);
            EncryptedGroupSecrets entry = Welcome.Seal(suite, applied.KeyPackages[i], secrets, groupInfo);
            welcomes.Add(new JoinerWelcome(
                applied.Added[i], MlsMessage.Encode(WireFormat.Welcome, new Welcome(suite.Id, [entry], groupInfo))));
        }

        return welcomes;
    }
}
