using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>An account's word that it wants to go, signed by one of its devices: whoever commits next removes all of its leaves
/// (RFC 9420, section 12.2: nobody can commit their own removal).</summary>
/// <remarks>
/// docs/protocol-groups.md, "Leaving". The signature by the leaf's key covers the group, the epoch and the hash of the leaf as it
/// stands in the tree, so that the request outlives an epoch that somebody else's commit ends, and is void once the device has committed or was
/// added anew. Immutable.
/// </remarks>
internal sealed class LeaveRequest
{
    private const byte Version = 1;

    /// <summary>For how many epochs a request is good: it is asked again where nobody has committed it for that long.</summary>
    public const ulong MaxEpochs = 256;

    private LeaveRequest(ulong epoch, byte[] leafHash, byte[] signature)
    {
        Epoch = epoch;
        LeafHash = leafHash;
        Signature = signature;
    }

    /// <summary>The epoch that it was asked in.</summary>
    public ulong Epoch { get; }

    /// <summary>SHA-256 of the encoded leaf.</summary>
    public byte[] LeafHash { get; }

    public byte[] Signature { get; }

    private static ReadOnlySpan<byte> Label => "PulseMeet leave"u8;

    public static LeaveRequest Sign(MlsSuite suite, GroupContext context, LeafNode leaf, MlsSignatureKey key) =>
        Sign(suite, context.GroupId, context.Epoch, Sha256.Hash(leaf.Encoded), key);

    public static LeaveRequest Sign(
        MlsSuite suite, ReadOnlySpan<byte> groupId, ulong epoch, byte[] leafHash, MlsSignatureKey key) =>
        new(epoch, leafHash, suite.SignWithLabel(key, Label, Content(groupId, epoch, leafHash)));

    /// <exception cref="E2EException"><see cref="E2EError.GroupProposalRefused"/>.</exception>
    public static LeaveRequest Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new MlsReader(encoded);
        if (encoded.Length != 1 + 8 + Sha256.Size + Ed25519.SignatureSize || reader.ReadByte() != Version)
        {
            throw new E2EException(E2EError.GroupProposalRefused, "A request to leave is malformed.");
        }

        return new LeaveRequest(reader.ReadUInt64(), reader.ReadBytes(Sha256.Size).ToArray(), reader.ReadRest().ToArray());
    }

    public byte[] Encode()
    {
        using var writer = new MlsWriter();
        writer.WriteByte(Version);
        writer.WriteUInt64(Epoch);
        writer.WriteBytes(LeafHash);
        writer.WriteBytes(Signature);
        return writer.ToArray();
    }

    public PrivateProposal ToProposal() => new(GroupNumbers.LeaveProposal, Encode());

    /// <summary>The leaf that asks.</summary>
    /// <returns>Null where no leaf of the group is meant, or it was asked too long ago.</returns>
    /// <exception cref="E2EException">It is, and did not sign (<see cref="E2EError.GroupProposalRefused"/>).</exception>
    public uint? FindLeaf(MlsSuite suite, GroupView group)
    {
        if (Epoch > group.Context.Epoch || group.Context.Epoch - Epoch > MaxEpochs)
        {
            return null;
        }

        foreach ((uint index, LeafNode leaf) in group.Tree.Members())
        {
            if (PublicBytes.Equal(Sha256.Hash(leaf.Encoded), LeafHash))
            {
                return suite.VerifyWithLabel(leaf.SignatureKey, Label, Content(group.Context.GroupId, Epoch, LeafHash), Signature)
                    ? index
                    : throw new E2EException(E2EError.GroupProposalRefused, "A request to leave is not signed by its leaf.");
            }
        }

        return null;
    }

    private static byte[] Content(ReadOnlySpan<byte> groupId, ulong epoch, ReadOnlySpan<byte> leafHash)
    {
        using var writer = new MlsWriter();
        writer.WriteVector(groupId);
        writer.WriteUInt64(epoch);
        writer.WriteBytes(leafHash);
        return writer.ToArray();
    }
}
