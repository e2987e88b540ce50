using System.Security.Cryptography;
using PulseMeet.E2E;
using PulseMeet.E2E.Media;

namespace SealFile;

/// <summary>References in files. They hold keys: only this user may read them.</summary>
internal static class References
{
    public static void Write(MediaReference reference, string path)
    {
        byte[] encoded = reference.Encode();
        string partial = path + ".partial";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var file = new FileStream(partial, options))
            {
                file.Write(encoded);
                file.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(encoded);
        }
    }

    public static MediaReference Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length > MediaReference.MaxEncodedSize)
        {
            throw new E2EException(E2EError.LimitExceeded, "The reference is too long.");
        }

        byte[] encoded = new byte[file.Length];
        file.ReadExactly(encoded);
        MediaReference reference = MediaReference.Decode(encoded);
        CryptographicOperations.ZeroMemory(encoded);
        return reference;
    }
}
