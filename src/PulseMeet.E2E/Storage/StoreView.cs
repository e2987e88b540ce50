namespace PulseMeet.E2E.Storage;

/// <summary>The store as of one revision.</summary>
/// <param name="Head">Its head.</param>
/// <param name="Root">The tree's root; null where there are no records.</param>
/// <remarks>Immutable; thread-safe.</remarks>
internal sealed record StoreView(StoreHead Head, TreeEntry? Root)
{
    public static StoreView Of(StoreHead head) => new(head, head.Root());
}
