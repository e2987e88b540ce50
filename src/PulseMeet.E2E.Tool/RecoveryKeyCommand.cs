using System.CommandLine;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.PostgreSql.Migration;

namespace PulseMeet.E2E.Tool;

/// <summary><c>recovery-key new</c>: the key pair that the backups are sealed to.</summary>
internal static class RecoveryKeyCommand
{
    public static Command Create()
    {
        var file = new Option<FileInfo>("--out") { Description = "Where the private key goes, mode 0600; the public key goes beside it, to «….pub».", Required = true };
        var create = new Command("new", "Makes a recovery key pair. Keep the private key offline: whoever has it opens the sealed backups.") { file };
        create.SetAction((parsed, cancellationToken) => Context.Run((context, _) =>
        {
            string path = parsed.GetValue(file)!.FullName;
            X25519PublicKey publicKey = RecoveryKeyFile.Create(path);
            context.Write(new JsonObject
            {
                ["private_key_file"] = path,
                ["public_key_file"] = path + ".pub",
                ["fingerprint"] = LegacyNames.Fingerprint(publicKey),
            });
            return Task.FromResult(ExitCode.Done);
        })(parsed, cancellationToken));
        return new Command("recovery-key", "The operator's recovery key.") { create };
    }
}
