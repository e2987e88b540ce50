namespace PulseMeet.E2E.Legacy;

/// <summary>A media file as the legacy client stored it: UTF-8 JSON with <c>metadata</c> and base64 <c>data</c>. Immutable and
/// thread-safe.</summary>
/// <remarks>The format holds the whole file in one JSON string, so that it is read into memory whole: parsing takes what the
/// base64 decodes to, three quarters of the file's size, opening as much again.</remarks>
public sealed class LegacyMediaFile
{
    /// <summary>The longest file, in bytes: 256 MiB.</summary>
    public const int MaxSize = 256 * 1024 * 1024;

    private readonly LegacySealed _sealed;

    private LegacyMediaFile(LegacySealed sealedContent) => _sealed = sealedContent;

    /// <summary>Takes a file apart.</summary>
    /// <param name="file">The file's bytes; at most 256 MiB.</param>
    /// <exception cref="E2EException">Not a legacy media file (<see cref="E2EError.InvalidEncoding"/>), of another version or
    /// algorithm (<see cref="E2EError.UnsupportedVersion"/>), or too long (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static LegacyMediaFile Parse(ReadOnlyMemory<byte> file)
    {
        if (file.Length > MaxSize)
        {
            throw new E2EException(E2EError.LimitExceeded, "The legacy media file is longer than its bound.");
        }

        return new(LegacyJson.Read(file.Span, "data"));
    }

    /// <summary>Opens the file with whichever key fits: the candidates in their order, then the all-zero key.</summary>
    /// <param name="candidates">The keys to try. Not disposed.</param>
    /// <exception cref="E2EException">None fits (<see cref="E2EError.NoKeyFits"/>).</exception>
    public LegacyMedia Open(IEnumerable<LegacyCandidate> candidates)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        LegacyOpened opened = _sealed.Open(candidates);
        return new(opened.Plaintext, opened.KeyName, opened.Protection);
    }
}

/// <summary>What a legacy media file held. Never to be shown as end-to-end authenticated.</summary>
/// <param name="content">The file.</param>
/// <param name="keyName">The name of the candidate that fitted.</param>
/// <param name="protection">What protected the file.</param>
public sealed class LegacyMedia(ReadOnlyMemory<byte> content, string keyName, LegacyProtection protection)
{
    /// <summary>The file.</summary>
    public ReadOnlyMemory<byte> Content { get; } = content;

    /// <summary>The name of the candidate that fitted; <see cref="LegacyCandidate.ZeroKeyName"/> for the all-zero key.</summary>
    public string KeyName { get; } = keyName;

    /// <summary>What protected the file.</summary>
    public LegacyProtection Protection { get; } = protection;
}
