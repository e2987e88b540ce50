using System.Text.Json;

namespace PulseMeet.E2E.Review.Wycheproof;

/// <summary>How the vectors of one kind of group are checked against one backend.</summary>
/// <param name="Algorithm">The file's algorithm.</param>
/// <param name="GroupTypes">The kinds of groups that this check knows.</param>
/// <param name="Backend">The backend's name; null Holds says that it is not there on this machine.</param>
/// <param name="Fits">Whether the group has the parameters that the library uses.</param>
/// <param name="Holds">Whether the backend does what the vector says.</param>
internal sealed record Check(
    string Algorithm, string[] GroupTypes, string Backend, Func<JsonElement, bool> Fits, Func<Vector, bool>? Holds)
{
    /// <summary>Whether the input is refused by an exception: an output, whatever it is, is no refusal.</summary>
    public static bool Refused(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (Exception exception) when (exception is ArgumentException or E2EException
            or System.Security.Cryptography.CryptographicException or Org.BouncyCastle.Crypto.CryptoException
            or InvalidOperationException)
        {
            return true;
        }
    }
}
