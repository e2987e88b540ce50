namespace PulseMeet.E2E.Mls;

/// <summary>What is left of an epoch that is over: enough to open its late application messages, and its resumption
/// key.</summary>
/// <remarks>Owns its secrets. Not thread-safe.</remarks>
internal sealed class PastEpoch : IDisposable
{
    public required GroupContext Context { get; init; }

    /// <summary>The leaves, whose keys verify its messages.</summary>
    public required LeafNode?[] Leaves { get; init; }

    public required MlsSecret SenderData { get; init; }

    public required MlsSecret Resumption { get; init; }

    public required SecretTree Ratchets { get; init; }

    /// <summary>When it was over for this member, in Unix seconds.</summary>
    public required long Ended { get; set; }

    public LeafNode? Leaf(uint index) => index < Leaves.Length ? Leaves[index] : null;

    public void Dispose()
    {
        SenderData.Dispose();
        Resumption.Dispose();
        Ratchets.Dispose();
    }
}
