using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>Leaf node validation (RFC 9420, section 7.3): of a leaf by itself, and of all leaves of a tree together.</summary>
/// <remarks>Rules are numbered in the section's order. Every fault is <see cref="E2EError.MlsInvalidLeaf"/>, but for what the
/// policy says.</remarks>
internal static class LeafValidation
{
    /// <summary>Rules 1, 2, 5, 6 and 7: what a leaf shows by itself.</summary>
    /// <param name="suite">The group's.</param>
    /// <param name="leaf">The leaf.</param>
    /// <param name="source">How it has to have come; null for a leaf of a tree, where every way is right.</param>
    /// <param name="place">The group and the leaf's index there.</param>
    /// <param name="groupExtensions">Those of the group context.</param>
    /// <param name="policy">Says who the credential is.</param>
    public static void Validate(
        MlsSuite suite,
        LeafNode leaf,
        LeafNodeSource? source,
        LeafPlace place,
        IReadOnlyList<Extension> groupExtensions,
        IGroupPolicy policy)
    {
        // 7.3, rule 7: the leaf came the way that it says.
        Require(source is null || leaf.Source == source, "It came in another way than it says.");

        // 7.3, rule 5: the lifetime is not longer than the application allows (7.2). Whether it has run out is for the
        // sender to check, since members with different clocks have to agree.
        if (leaf.Source == LeafNodeSource.KeyPackage)
        {
            Require(
                leaf.Lifetime.NotBefore <= leaf.Lifetime.NotAfter
                && leaf.Lifetime.NotAfter - leaf.Lifetime.NotBefore <= policy.MaxLifetime,
                "Its lifetime is too long, or ends before it begins.");
        }

        // 7.2 and 11.1: the version, the suite and the credential's type are among its capabilities.
        Require(
            leaf.Capabilities.SupportsVersion(MlsNumbers.Mls10)
            && leaf.Capabilities.SupportsSuite(suite.Id)
            && leaf.Capabilities.SupportsCredential(leaf.Credential.Type),
            "Its capabilities lack the version, the suite, or its own credential's type.");

        // 7.3, rule 6: its extensions are among its capabilities.
        foreach (Extension extension in leaf.Extensions)
        {
            Require(leaf.Capabilities.SupportsExtension(extension.Type), "It has an extension that its capabilities lack.");
        }

        // Section 10: both keys are valid for the suite.
        Require(
            suite.Kem.IsValidPublicKey(leaf.EncryptionKey) && Ed25519.IsValidPublicKey(leaf.SignatureKey), "A key is malformed.");

        // 7.3, rule 2: the signature.
        Require(leaf.IsSignatureValid(suite, place), "Its signature does not verify.");

        // 7.3, rule 1: the credential.
        policy.JudgeLeaf(leaf, groupExtensions);
    }

    /// <summary>Rules 3, 4 and 8: what the leaves of a tree have to be together.</summary>
    public static void ValidateTogether(RatchetTree tree, IReadOnlyList<Extension> groupExtensions)
    {
        RequiredCapabilities? required = RequiredCapabilities.Of(groupExtensions);
        var credentialTypes = new HashSet<ushort>();
        var keys = new KeySet();
        var signatureKeys = new KeySet();
        foreach ((_, LeafNode leaf) in tree.Members())
        {
            credentialTypes.Add(leaf.Credential.Type);

            // 7.3, rule 8: both keys are unique. An encryption key stands at no parent either (12.4.3.1).
            Require(signatureKeys.Add(leaf.SignatureKey), "Its signature key is another member's too.");
            Require(keys.Add(leaf.EncryptionKey), "Its encryption key is another member's too.");
        }

        for (uint node = 1; node < TreeMath.NodeCount(tree.LeafCount); node += 2)
        {
            Require(tree.EncryptionKey(node) is not { } key || keys.Add(key), "An encryption key is at two nodes.");
        }

        foreach ((_, LeafNode leaf) in tree.Members())
        {
            // 7.3, rule 3: what the group requires; 13.4: every extension in use.
            Require(required is null || required.AreMetBy(leaf.Capabilities), "It lacks what the group requires.");
            foreach (Extension extension in groupExtensions)
            {
                Require(leaf.Capabilities.SupportsExtension(extension.Type), "It lacks an extension of the group.");
            }

            // 7.3, rule 4: each member supports every type of credential in use.
            foreach (ushort type in credentialTypes)
            {
                Require(leaf.Capabilities.SupportsCredential(type), "It lacks a type of credential that a member has.");
            }
        }
    }

    /// <summary>7.3, rule 5, for a leaf that this client sends: the time is within its lifetime.</summary>
    /// <exception cref="E2EException"><see cref="E2EError.Expired"/>.</exception>
    public static void RequireCurrent(KeyPackage keyPackage, DateTimeOffset now)
    {
        if (!keyPackage.Leaf.Lifetime.Contains(now))
        {
            throw new E2EException(E2EError.Expired, "The key package's lifetime has not begun or is over.");
        }
    }

    private static void Require(bool holds, string detail)
    {
        if (!holds)
        {
            throw new E2EException(E2EError.MlsInvalidLeaf, detail);
        }
    }
}
