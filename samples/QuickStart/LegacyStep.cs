using System.Text.Json;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;

namespace QuickStart;

/// <summary>A message that the legacy client wrote: opened by trying candidate keys, and never called authenticated.</summary>
internal static class LegacyStep
{
    public static void Run(ILegacyKeyDerivation derivation, Report report)
    {
        report.Step("12. A message of the legacy client.");
        using var row = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "legacy-message.json")));
        string Column(string name) => row.RootElement.GetProperty(name).GetString()!;

        using X25519KeyPair own = X25519KeyPair.Import(Convert.FromBase64String(Column("alice_private")));
        X25519PublicKey peer = X25519PublicKey.FromBase64(Column("bob_public"));
        string conversationId = Column("conversation_id");
        using LegacyKey v0 = derivation.DeriveV0ConversationKey(own, peer, conversationId);
        using LegacyKey v1 = derivation.DeriveV1ConversationKey(own, peer, conversationId);

        LegacyPlaintext opened = LegacyMessage
            .Parse(Column("content"), row.RootElement.GetProperty("encryption_metadata").GetRawText())
            .Open([new LegacyCandidate("v0", v0), new LegacyCandidate("v1", v1)]);
        report.Check($"opens with the candidate «{opened.KeyName}»: {opened.Text}", opened.Text == Column("text"));
        report.Check("is reported as legacy protection, not as end-to-end", opened.Protection == LegacyProtection.Encrypted);
    }
}
