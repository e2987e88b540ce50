namespace PulseMeet.E2E.Review.Mls;

/// <summary>A member of a group, by this library or by ts-mls.</summary>
internal interface IInteropMember
{
    string Name { get; }

    /// <summary>A fresh key package, as a message.</summary>
    byte[] KeyPackage();

    void Create(byte[] groupId);

    void Join(byte[] welcome);

    /// <returns>The external commit; the member is in the epoch that it begins.</returns>
    byte[] JoinExternally(byte[] groupInfo, bool replaces);

    /// <returns>The commit and, where somebody is added, a Welcome for each; pending until <see cref="Apply"/>.</returns>
    (byte[] Commit, IReadOnlyList<byte[]> Welcomes) Commit(
        IReadOnlyList<byte[]> add, IReadOnlyList<uint> remove, IReadOnlyList<byte[]> psks, bool isPublic);

    void Apply();

    byte[] ProposeRemove(uint leaf, bool isPublic);

    /// <returns>The content of an application message; else null.</returns>
    byte[]? Receive(byte[] message);

    byte[] Seal(byte[] content);

    bool IsTsMls { get; }

    /// <param name="forTsMls">Whether external_pub is as ts-mls has it: the bare key, not the vector of RFC 9420.</param>
    byte[] GroupInfo(bool forTsMls);

    void HoldPsk(byte[] id, byte[] key);

    InteropPlace Where();
}

/// <summary>Where a member stands: equal among members, but for the leaf.</summary>
internal sealed record InteropPlace(ulong Epoch, uint Leaf, string Authenticator, string Exported);
