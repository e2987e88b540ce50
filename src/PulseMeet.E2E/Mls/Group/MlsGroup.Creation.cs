namespace PulseMeet.E2E.Mls;

/// <summary>How a client comes into a group.</summary>
internal sealed partial class MlsGroup
{
    /// <summary>Creates a group of one (RFC 9420, section 11).</summary>
    /// <param name="suite">The suite.</param>
    /// <param name="groupId">Used for no other group: random, and best KDF.Nh long.</param>
    /// <param name="client">The creator.</param>
    /// <param name="extensions">The group context's extensions.</param>
    /// <param name="services">The surroundings.</param>
    /// <exception cref="E2EException">The creator's leaf does not fit the extensions, or the policy refuses it.</exception>
    public static MlsGroup Create(
        MlsSuite suite, byte[] groupId, MlsClient client, IReadOnlyList<Extension> extensions, GroupServices services)
    {
        HpkeKeyPair leafKey = suite.GenerateKeyPair();
        LeafNode leaf = LeafNode.Sign(
            suite,
            client.LeafContent(leafKey.PublicKey),
            LeafNodeSource.KeyPackage,
            Lifetime.From(services.Time.GetUtcNow(), TimeSpan.FromDays(1)),
            [],
            default,
            client.SignatureKey);
        var tree = new RatchetTree(suite, leaf);
        LeafValidation.Validate(suite, leaf, LeafNodeSource.KeyPackage, new LeafPlace(groupId, 0), extensions, services.Policy);
        LeafValidation.ValidateTogether(tree, extensions);
        var context = new GroupContext
        {
            Suite = suite.Id,
            GroupId = groupId,
            Epoch = 0,
            TreeHash = tree.TreeHash(),
            ConfirmedTranscriptHash = [],
            Extensions = [.. extensions],
        };
        using MlsSecret epochSecret = MlsSecret.Random(suite.SecretSize);
        var keys = new NodeKeys();
        keys.Set(0, leafKey.PrivateKey);
        return new MlsGroup(
            suite,
            groupId,
            EpochState.From(suite, context, tree, EpochSecrets.From(suite, epochSecret), 0, keys, client.SignatureKey.Copy()),
            services);
    }

    /// <summary>Joins by a Welcome (section 12.4.3.1).</summary>
    /// <param name="welcome">The MLSMessage.</param>
    /// <param name="own">The key package that it is for. Not disposed: the caller deletes it, unless it is a last resort.</param>
    /// <param name="isMemberOf">Whether this client is in a group of an id.</param>
    /// <param name="services">The surroundings.</param>
    /// <param name="tree">The ratchet tree, where the Welcome has none.</param>
    /// <param name="previous">The old group, where this may continue it.</param>
    /// <exception cref="E2EException">The Welcome is not for this client, or breaks a rule.</exception>
    public static MlsGroup Join(
        ReadOnlySpan<byte> welcome,
        KeyPackageKeys own,
        Func<ReadOnlyMemory<byte>, bool> isMemberOf,
        GroupServices services,
        byte[]? tree = null,
        MlsGroup? previous = null)
    {
        EpochState epoch = Joining.FromWelcome(
            MlsMessage.Decode<Welcome>(welcome), own, Request(services, isMemberOf, tree, previous), out uint inviter);
        return new MlsGroup(epoch.Suite, epoch.Context.GroupId, epoch, services) { Inviter = inviter };
    }

    /// <summary>Makes the external commit by which a client joins (section 12.4.3.2).</summary>
    /// <param name="groupInfo">The MLSMessage, with external_pub.</param>
    /// <param name="client">Who joins.</param>
    /// <param name="isMemberOf">Whether this client is in a group of an id; a client that comes back has left the old state.</param>
    /// <param name="services">The surroundings.</param>
    /// <param name="tree">The ratchet tree, where the group info has none.</param>
    /// <param name="replaced">The leaf of this client's old appearance, which is removed; or null.</param>
    /// <param name="psks">Pre-shared keys to inject; external ones, or resumption keys that <paramref name="services"/> find.</param>
    /// <param name="authenticatedData">authenticated_data of the commit.</param>
    /// <returns>The commit; <see cref="Begin"/> makes the group of it, once it is the group's.</returns>
    public static PendingCommit JoinExternally(
        ReadOnlySpan<byte> groupInfo,
        MlsClient client,
        Func<ReadOnlyMemory<byte>, bool> isMemberOf,
        GroupServices services,
        byte[]? tree = null,
        uint? replaced = null,
        IReadOnlyList<PreSharedKeyId>? psks = null,
        byte[]? authenticatedData = null) => ExternalJoining.Create(
            MlsMessage.Decode<GroupInfo>(groupInfo),
            client,
            Request(services, isMemberOf, tree, null),
            replaced,
            psks ?? [],
            authenticatedData ?? []);

    /// <summary>The group after an external commit that the group has taken. The commit's epoch is owned from here on.</summary>
    public static MlsGroup Begin(PendingCommit joined, GroupServices services) =>
        new(joined.Next.Suite, joined.Next.Context.GroupId, joined.Next, services);

    private static JoinRequest Request(
        GroupServices services, Func<ReadOnlyMemory<byte>, bool> isMemberOf, byte[]? tree, MlsGroup? previous) => new()
        {
            Policy = services.Policy,
            IsMemberOf = isMemberOf,
            Tree = tree,
            Psks = previous is null ? services.Psks : new GroupPreSharedKeys(previous, services.Psks),
            Previous = previous?.Current,
        };
}
