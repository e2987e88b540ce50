using System.Security.Cryptography;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The operator's recovery key in two files: the private one, which only its owner may read, and the public one,
/// which wrapping needs. Whoever has the private one can open the sealed backups: it belongs offline.</summary>
/// <remarks>Two lines of text: what it is, and 32 bytes in base64.</remarks>
public static class RecoveryKeyFile
{
    private const string PrivateHeader = "PulseMeet-E2E recovery private key v1";
    private const string PublicHeader = "PulseMeet-E2E recovery public key v1";

    /// <summary>Makes a key pair, and writes the private key to <paramref name="path"/> with mode 0600 and the public key
    /// beside it, to <c>path.pub</c>. Never overwrites a file.</summary>
    /// <param name="path">Where the private key goes.</param>
    /// <returns>The public key.</returns>
    /// <exception cref="IOException">A file is there already, or cannot be written.</exception>
    public static X25519PublicKey Create(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var pair = X25519KeyPair.Generate();
        byte[] secret = new byte[X25519KeyPair.PrivateKeySize];
        char[] text = new char[44];
        try
        {
            pair.Export(secret);
            Convert.ToBase64CharArray(secret, 0, secret.Length, text, 0);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var file = new StreamWriter(path, options))
            {
                file.Write(PrivateHeader + "\n");
                file.Write(text);
                file.Write('\n');
            }

            try
            {
                using var publicFile = new StreamWriter(path + ".pub", new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                });
                publicFile.Write($"{PublicHeader}\n{pair.PublicKey.ToBase64()}\n");
            }
            catch
            {
                // Half a pair serves nobody, and would stand in the way of the next attempt.
                File.Delete(path);
                throw;
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            Array.Clear(text);
        }

        return pair.PublicKey;
    }

    /// <summary>Reads the public key.</summary>
    /// <param name="path">The file that <see cref="Create"/> named <c>path.pub</c>.</param>
    /// <exception cref="E2EException">Not such a file (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static X25519PublicKey ReadPublic(string path) => X25519PublicKey.FromBase64(Read(path, PublicHeader));

    /// <summary>Reads the private key. The caller disposes it.</summary>
    /// <param name="path">The file that <see cref="Create"/> made.</param>
    /// <exception cref="E2EException">Not such a file (<see cref="E2EError.InvalidEncoding"/>), or others than its owner may
    /// read it (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static X25519KeyPair ReadPrivate(string path)
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & others) != 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Others than its owner may read the recovery key file: chmod 600.");
        }

        byte[] secret = new byte[X25519KeyPair.PrivateKeySize + 1];
        try
        {
            return Convert.TryFromBase64String(Read(path, PrivateHeader), secret, out int written)
                && written == X25519KeyPair.PrivateKeySize
                    ? X25519KeyPair.Import(secret.AsSpan(0, written))
                    : throw new E2EException(E2EError.InvalidEncoding, "Not a recovery key file.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static string Read(string path, string header)
    {
        string[] lines = File.ReadAllLines(path);
        return lines.Length == 2 && lines[0] == header
            ? lines[1]
            : throw new E2EException(E2EError.InvalidEncoding, $"Not a file with the line «{header}».");
    }
}
