namespace PulseMeet.E2E.Mls;

/// <summary>An epoch of a group as one member holds it: what all agree on, and the member's own secrets.</summary>
/// <remarks>Owns its secrets. Apart from the ratchets it never changes: a commit gives a new one. Not thread-safe.</remarks>
internal sealed class EpochState : IDisposable
{
    public required MlsSuite Suite { get; init; }

    public required GroupContext Context { get; init; }

    public required RatchetTree Tree { get; init; }

    public required EpochSecrets Secrets { get; init; }

    /// <summary>The secret tree (section 9).</summary>
    public required SecretTree Ratchets { get; init; }

    /// <summary>Of the commit that began the epoch.</summary>
    public required byte[] ConfirmationTag { get; init; }

    public required byte[] InterimTranscriptHash { get; init; }

    /// <summary>This member's leaf index.</summary>
    public required uint Own { get; init; }

    public required NodeKeys Keys { get; init; }

    public required MlsSignatureKey SignatureKey { get; init; }

    /// <summary>The ReInit proposal of the commit that began the epoch: the group is over (section 11.2).</summary>
    public ReInitProposal? ReInit { get; init; }

    public GroupView View => new(Context, Tree);

    public LeafNode OwnLeaf => Tree.Leaf(Own)!;

    /// <summary>Puts an epoch together from the key schedule's outcome.</summary>
    /// <param name="suite">The suite.</param>
    /// <param name="context">The new epoch's, with its confirmed transcript hash.</param>
    /// <param name="tree">The new epoch's.</param>
    /// <param name="secrets">Owned from here on.</param>
    /// <param name="own">The member's leaf.</param>
    /// <param name="keys">Owned from here on.</param>
    /// <param name="signatureKey">Owned from here on.</param>
    /// <param name="reInit">The commit's, if it has one.</param>
    public static EpochState From(
        MlsSuite suite,
        GroupContext context,
        RatchetTree tree,
        EpochSecrets secrets,
        uint own,
        NodeKeys keys,
        MlsSignatureKey signatureKey,
        ReInitProposal? reInit = null)
    {
        byte[] tag = secrets.ConfirmationTag(suite, context.ConfirmedTranscriptHash);
        return new EpochState
        {
            Suite = suite,
            Context = context,
            Tree = tree,
            Secrets = secrets,
            Ratchets = new SecretTree(suite, tree.LeafCount, secrets.TakeEncryption()),
            ConfirmationTag = tag,
            InterimTranscriptHash = TranscriptHash.Interim(suite, context.ConfirmedTranscriptHash, tag),
            Own = own,
            Keys = keys,
            SignatureKey = signatureKey,
            ReInit = reInit,
        };
    }

    /// <summary>What is left of the epoch when it is over; all the rest is deleted (section 9.2), and this state is of no more
    /// use.</summary>
    /// <param name="now">Unix seconds.</param>
    public PastEpoch Retire(long now)
    {
        var past = new PastEpoch
        {
            Context = Context,
            Leaves = Tree.Leaves(),
            SenderData = Secrets.SenderData.Copy(),
            Resumption = Secrets.Resumption.Copy(),
            Ratchets = Ratchets,
            Ended = now,
        };
        Secrets.Dispose();
        Keys.Dispose();
        SignatureKey.Dispose();
        return past;
    }

    public void Dispose()
    {
        Secrets.Dispose();
        Ratchets.Dispose();
        Keys.Dispose();
        SignatureKey.Dispose();
    }
}
