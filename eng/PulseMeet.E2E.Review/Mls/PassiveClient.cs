using System.Text.Json;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>passive-client-welcome, passive-client-handling-commit and passive-client-random: a client joins by a Welcome and
/// follows the group's commits.</summary>
internal static class PassiveClient
{
    public static bool Follows(JsonElement entry, MlsSuite suite)
    {
        using var own = new KeyPackageKeys(
            MlsMessage.Decode<KeyPackage>(entry.Bytes("key_package")),
            entry.Secret("init_priv"),
            entry.Secret("encryption_priv"),
            MlsSignatureKey.Import(entry.Bytes("signature_priv")));
        if (!own.AreMatching(suite))
        {
            return false;
        }

        var services = new GroupServices
        {
            Policy = AnyBasicCredential.Instance,
            Time = TimeProvider.System,
            Psks = new ExternalKeys(entry.GetProperty("external_psks")),
        };
        JsonElement tree = entry.GetProperty("ratchet_tree");
        using MlsGroup group = MlsGroup.Join(
            entry.Bytes("welcome"),
            own,
            _ => false,
            services,
            tree.ValueKind == JsonValueKind.Null ? null : Convert.FromHexString(tree.GetString()!));
        bool follows = entry.Is("initial_epoch_authenticator", group.EpochAuthenticator());
        foreach (JsonElement epoch in entry.GetProperty("epochs").EnumerateArray())
        {
            foreach (JsonElement proposal in epoch.GetProperty("proposals").EnumerateArray())
            {
                group.Receive(Convert.FromHexString(proposal.GetString()!));
            }

            group.Receive(epoch.Bytes("commit"));
            follows &= epoch.Is("epoch_authenticator", group.EpochAuthenticator());
        }

        return follows;
    }

    private sealed class ExternalKeys(JsonElement keys) : IPreSharedKeys
    {
        public MlsSecret? Find(PreSharedKeyId id) =>
            keys.EnumerateArray()
                .Where(key => !id.IsResumption && key.Is("psk_id", id.Id))
                .Select(key => key.Secret("psk"))
                .FirstOrDefault();
    }
}
