using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>How an epoch is stored. Its ratchets go elsewhere, since they change with every message.</summary>
internal static class EpochCodec
{
    public static void Write(EpochState epoch, MlsWriter state, MlsWriter ratchets)
    {
        epoch.Context.Write(state);
        state.WriteVector(epoch.Tree.Encode());
        state.WriteUInt32(epoch.Own);
        epoch.Keys.WriteTo(state);
        epoch.SignatureKey.WriteVector(state);
        epoch.Secrets.WriteTo(state);
        state.WritePresence(epoch.ReInit is not null);
        epoch.ReInit?.WriteBody(state);
        ratchets.WriteUInt64(epoch.Context.Epoch);
        epoch.Ratchets.WriteTo(ratchets);
    }

    /// <exception cref="E2EException">Malformed, or the parts do not fit together (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static EpochState Read(MlsSuite suite, ref MlsReader state, ref MlsReader ratchets)
    {
        var context = GroupContext.Read(ref state);
        RatchetTree tree = RatchetTree.Decode(suite, state.ReadVector());
        uint own = state.ReadUInt32();
        if (context.Suite != suite.Id
            || tree.Leaf(own) is not { } leaf
            || !PublicBytes.Equal(tree.TreeHash(), context.TreeHash))
        {
            throw Invalid("An epoch's tree is not its own.");
        }

        NodeKeys keys = NodeKeys.ReadFrom(suite, tree, own, ref state);
        MlsSignatureKey? signatureKey = null;
        EpochSecrets? secrets = null;
        try
        {
            ReadOnlySpan<byte> privateKey = state.ReadVector();
            signatureKey = privateKey.Length == Ed25519.PrivateKeySize
                ? MlsSignatureKey.Import(privateKey)
                : throw Invalid("A signature key has the wrong length.");
            if (!PublicBytes.Equal(signatureKey.PublicKey, leaf.SignatureKey))
            {
                throw Invalid("The signature key is not the leaf's.");
            }

            secrets = EpochSecrets.ReadFrom(suite, ref state);
            ReInitProposal? reInit = state.ReadPresence() ? ReInitProposal.ReadBody(ref state) : null;
            if (ratchets.ReadUInt64() != context.Epoch)
            {
                throw Invalid("The ratchets are of another epoch.");
            }

            byte[] tag = secrets.ConfirmationTag(suite, context.ConfirmedTranscriptHash);
            return new EpochState
            {
                Suite = suite,
                Context = context,
                Tree = tree,
                Secrets = secrets,
                Ratchets = SecretTree.ReadFrom(suite, tree.LeafCount, ref ratchets),
                ConfirmationTag = tag,
                InterimTranscriptHash = TranscriptHash.Interim(suite, context.ConfirmedTranscriptHash, tag),
                Own = own,
                Keys = keys,
                SignatureKey = signatureKey,
                ReInit = reInit,
            };
        }
        catch
        {
            keys.Dispose();
            signatureKey?.Dispose();
            secrets?.Dispose();
            throw;
        }
    }

    private static E2EException Invalid(string detail) => new(E2EError.InvalidEncoding, detail);
}
