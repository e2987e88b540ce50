using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>PublicMessage (RFC 9420, section 6.2): signed, and for a member tagged, but not encrypted.</summary>
internal sealed class PublicMessage(AuthenticatedContent content, byte[]? membershipTag) : IMlsStruct<PublicMessage>
{
    public AuthenticatedContent Content { get; } = content;

    public byte[]? MembershipTag { get; } = membershipTag;

    public static PublicMessage Read(ref MlsReader reader)
    {
        var content = FramedContent.Read(ref reader);
        var authenticated = AuthenticatedContent.ReadAuth(ref reader, WireFormat.PublicMessage, content);
        return new PublicMessage(
            authenticated, content.Sender.Type == SenderType.Member ? reader.ReadVector().ToArray() : null);
    }

    public static PublicMessage Protect(
        MlsSuite suite, AuthenticatedContent content, MlsSecret membershipKey, ReadOnlySpan<byte> groupContext) => new(
            content,
            content.Content.Sender.Type == SenderType.Member ? content.MembershipTag(suite, membershipKey, groupContext) : null);

    /// <summary>Checks the membership tag of a member's message; the signature is the caller's next step.</summary>
    /// <exception cref="E2EException">The tag does not verify (<see cref="E2EError.NotAuthentic"/>).</exception>
    public AuthenticatedContent Unprotect(MlsSuite suite, MlsSecret membershipKey, ReadOnlySpan<byte> groupContext)
    {
        if (MembershipTag is not null
            && !ConstantTime.AreEqual(MembershipTag, Content.MembershipTag(suite, membershipKey, groupContext)))
        {
            throw new E2EException(E2EError.NotAuthentic, "The membership tag does not verify.");
        }

        return Content;
    }

    public void Write(MlsWriter writer)
    {
        Content.Content.Write(writer);
        Content.WriteAuth(writer);
        if (MembershipTag is not null)
        {
            writer.WriteVector(MembershipTag);
        }
    }
}
