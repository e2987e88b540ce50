namespace PulseMeet.E2E.PostgreSql.Media;

/// <summary>Where media files lie, and how much one user may put there.</summary>
public sealed class PostgreSqlMediaOptions
{
    /// <summary>The folder of the files; made where it is missing. Relays on several machines need one that all of them see, whose
    /// file system has file locks.</summary>
    public required string Directory { get; init; }

    /// <summary>The most bytes of all files and uploads of one user: 1 GiB unless said otherwise.</summary>
    public long UserQuota { get; init; } = 1L << 30;
}
