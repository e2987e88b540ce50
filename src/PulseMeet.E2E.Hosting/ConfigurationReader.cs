using System.Globalization;

namespace PulseMeet.E2E.Hosting;

/// <summary>Reads single values, and refuses with the variable's name what does not have its form.</summary>
internal static class ConfigurationReader
{
    public static bool Flag(IReadOnlyDictionary<string, string> values, string name, bool otherwise) =>
        !values.TryGetValue(name, out string? value) ? otherwise
        : value.Equals("true", StringComparison.OrdinalIgnoreCase) || value == "1" ? true
        : value.Equals("false", StringComparison.OrdinalIgnoreCase) || value == "0" ? false
        : throw new ConfigurationException(name, "Must be true, false, 1 or 0.");

    public static int Number(IReadOnlyDictionary<string, string> values, string name, int min, int max, int otherwise)
    {
        if (!values.TryGetValue(name, out string? value))
        {
            return otherwise;
        }

        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
        {
            throw new ConfigurationException(name, "Must be a whole number in the digits 0 to 9.");
        }

        return number >= min && number <= max
            ? (int)number
            : throw new ConfigurationException(name, string.Create(CultureInfo.InvariantCulture, $"Must be from {min} to {max}."));
    }

    public static string Text(IReadOnlyDictionary<string, string> values, string name, int maxUtf8Bytes, string otherwise)
    {
        if (!values.TryGetValue(name, out string? value))
        {
            return otherwise;
        }

        int length;
        try
        {
            length = new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(value);
        }
        catch (System.Text.EncoderFallbackException)
        {
            throw new ConfigurationException(name, "Must be well-formed Unicode.");
        }

        return length >= 1 && length <= maxUtf8Bytes
            ? value
            : throw new ConfigurationException(name, string.Create(CultureInfo.InvariantCulture, $"Must have 1 to {maxUtf8Bytes} bytes of UTF-8."));
    }
}
