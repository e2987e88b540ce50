using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>Receiving: unprotect, verify the signature, and only then change anything (RFC 9420, sections 6 and 12).</summary>
internal sealed partial class MlsGroup
{
    /// <summary>Opens, verifies and applies a message of the group.</summary>
    /// <exception cref="E2EException">It is refused, and the state is as it was.</exception>
    public MlsReceived Receive(ReadOnlySpan<byte> encoded)
    {
        // What this member sent comes back: the relay has taken its commit.
        if (Pending is { } pending && PublicBytes.Equal(pending.Commit, encoded))
        {
            ApplyPending();
            return new ReceivedCommit(null, WasOwn: true);
        }

        return MlsMessage.Decode(encoded).Body switch
        {
            PrivateMessage message => Receive(message),
            PublicMessage message => Receive(message),
            _ => throw new E2EException(E2EError.InvalidEncoding, "It is no message of a group."),
        };
    }

    private MlsReceived Receive(PrivateMessage message)
    {
        RequireGroup(message.GroupId);
        if (_epoch is { } epoch && message.Epoch == epoch.Context.Epoch)
        {
            AuthenticatedContent content = Open(
                message, epoch.Context, epoch.Secrets.SenderData, epoch.Ratchets, epoch.Tree.Leaf, out SenderData sender);

            if (message.Type == ContentType.Application)
            {
                Consume(epoch.Ratchets, message.Type, sender);
                return Application(content, epoch.Tree.Leaf(sender.LeafIndex)!, sender);
            }

            // The key is used up once the message has verified as a whole.
            return Handshake(epoch, content, sender);
        }

        PastEpoch past = _past.Find(candidate => candidate.Context.Epoch == message.Epoch)
            ?? throw new E2EException(E2EError.MlsWrongEpoch);
        if (message.Type != ContentType.Application)
        {
            throw new E2EException(E2EError.MlsWrongEpoch, "A proposal or a commit is of an epoch that is over.");
        }

        AuthenticatedContent late = Open(
            message, past.Context, past.SenderData, past.Ratchets, past.Leaf, out SenderData lateSender);
        Consume(past.Ratchets, message.Type, lateSender);
        return Application(late, past.Leaf(lateSender.LeafIndex)!, lateSender);
    }

    private AuthenticatedContent Open(
        PrivateMessage message,
        GroupContext context,
        MlsSecret senderData,
        SecretTree ratchets,
        Func<uint, LeafNode?> leaf,
        out SenderData sender)
    {
        AuthenticatedContent content = MessageProtection.Open(
            Suite, message, senderData, ratchets, index => leaf(index) is not null, _services.Bounds.GenerationsAhead, out sender);
        RequireSignature(content, context, leaf(sender.LeafIndex)!.SignatureKey);
        return content;
    }

    private MlsReceived Receive(PublicMessage message)
    {
        EpochState epoch = Current;
        FramedContent content = message.Content.Content;
        RequireGroup(content.GroupId);
        if (content.Epoch != epoch.Context.Epoch)
        {
            throw new E2EException(E2EError.MlsWrongEpoch);
        }

        // Section 6: application messages are always encrypted.
        if (content.Type == ContentType.Application)
        {
            throw new E2EException(E2EError.InvalidEncoding, "An application message is not encrypted.");
        }

        // 6.2: a member's message has a membership tag; its signature key is the one of where it says that it stands.
        AuthenticatedContent verified = message.Unprotect(Suite, epoch.Secrets.MembershipKey, epoch.Context.Encoded);
        RequireSignature(verified, epoch.Context, PublicSenders.SignatureKey(epoch, content));
        return Handshake(epoch, verified, null);
    }

    private MlsReceived Handshake(EpochState epoch, AuthenticatedContent content, SenderData? key)
    {
        if (epoch.ReInit is not null)
        {
            throw new E2EException(E2EError.MlsGroupClosed);
        }

        if (content.Content.Proposal is { } proposal)
        {
            if (content.Content.Sender != Sender.Member(epoch.Own))
            {
                Judge(epoch, content.Content.Sender, proposal);
                _proposals.Add(new CachedProposal(Suite, content));
                Consume(epoch.Ratchets, ContentType.Proposal, key);
            }

            return new ReceivedProposal(content.Content.Sender, proposal, content.Content.AuthenticatedData);
        }

        // This member's own commits come back as pending ones alone: it has no path secret for another, which others may take.
        if (content.Content.Sender == Sender.Member(epoch.Own))
        {
            var exception = new E2EException(E2EError.MlsPathUnreadable, "A commit of this member's own is not the pending one.");
            exception.Data["mls.committer"] = epoch.Own;
            throw exception;
        }

        CommitOutcome outcome = CommitProcessing.Process(epoch, content, _proposals, Psks, _services.Policy);
        Consume(epoch.Ratchets, ContentType.Commit, key);
        Enter(outcome.Next);
        return new ReceivedCommit(outcome.View, WasOwn: false);
    }

    private static ReceivedApplication Application(AuthenticatedContent content, LeafNode leaf, SenderData sender) => new(
        content.Content.Epoch,
        sender.LeafIndex,
        leaf,
        sender.Generation,
        content.Content.ApplicationData!,
        content.Content.AuthenticatedData);

    private void Consume(SecretTree ratchets, ContentType type, SenderData? sender)
    {
        if (sender is { } key)
        {
            ratchets.Ratchet(key.LeafIndex, type).Consume(key.Generation, _services.Bounds.KeptGenerations, Now());
        }
    }

    private void RequireGroup(ReadOnlySpan<byte> groupId)
    {
        if (!PublicBytes.Equal(groupId, _groupId))
        {
            throw new E2EException(E2EError.MlsWrongGroup);
        }
    }

    private void RequireSignature(AuthenticatedContent content, GroupContext context, ReadOnlySpan<byte> signatureKey)
    {
        // 6.1: a message is what its sender signed, for this group and epoch.
        if (!content.IsSignatureValid(Suite, context.Encoded, signatureKey))
        {
            throw new E2EException(E2EError.NotAuthentic, "The sender's signature does not verify.");
        }
    }
}
