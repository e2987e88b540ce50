namespace PulseMeet.E2E.Messaging;

/// <summary>A content that opened.</summary>
/// <param name="Content">What it says; its sender is the session's peer.</param>
/// <param name="IsNewSession">Whether it began a session.</param>
/// <param name="Session">The session that it came on.</param>
internal sealed record Opened(SealedContent Content, bool IsNewSession, SessionId Session);
