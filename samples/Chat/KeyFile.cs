using System.Security.Cryptography;
using PulseMeet.E2E;

namespace Chat;

/// <summary>The master key in a file beside the records. An app takes it from the operating system's key store: whoever has both files
/// has everything.</summary>
internal static class KeyFile
{
    public static IMasterKeySource In(string folder) => MasterKeys.From(async cancellationToken =>
    {
        string path = Path.Combine(folder, "master.key");
        if (!File.Exists(path))
        {
            // Whole or not there: a process may be killed here, too.
            string made = path + ".new";
            await File.WriteAllBytesAsync(made, RandomNumberGenerator.GetBytes(32), cancellationToken);
            File.Move(made, path);
        }

        return await File.ReadAllBytesAsync(path, cancellationToken);
    });
}
