namespace PulseMeet.E2E.Legacy;

/// <summary>The shape in which a legacy client stored a message.</summary>
public enum LegacyShape
{
    /// <summary>Base64 of the JSON object.</summary>
    Envelope = 1,

    /// <summary>The JSON object itself.</summary>
    Json = 2,

    /// <summary>Base64 of the ciphertext; nonce and tag in the row's <c>encryption_metadata</c>.</summary>
    Column = 3,

    /// <summary>Text, not encrypted.</summary>
    Plaintext = 4,
}
