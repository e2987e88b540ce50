namespace PulseMeet.E2E.Mls;

/// <summary>What a message of the group was.</summary>
internal abstract record MlsReceived;

/// <summary>An application message.</summary>
/// <param name="Epoch">The epoch that it was sealed in.</param>
/// <param name="Sender">The sender's leaf index in that epoch.</param>
/// <param name="Leaf">The sender's leaf in that epoch.</param>
/// <param name="Generation">Its number among the sender's messages of that epoch.</param>
/// <param name="Content">What was sealed.</param>
/// <param name="AuthenticatedData">authenticated_data.</param>
internal sealed record ReceivedApplication(
    ulong Epoch, uint Sender, LeafNode Leaf, uint Generation, byte[] Content, byte[] AuthenticatedData) : MlsReceived;

/// <summary>A proposal, which waits for a commit.</summary>
internal sealed record ReceivedProposal(Sender Sender, Proposal Proposal, byte[] AuthenticatedData) : MlsReceived;

/// <summary>A commit, which is applied.</summary>
/// <param name="View">The commit and its effect.</param>
/// <param name="WasOwn">Whether it was the pending one.</param>
internal sealed record ReceivedCommit(CommitView? View, bool WasOwn) : MlsReceived;
