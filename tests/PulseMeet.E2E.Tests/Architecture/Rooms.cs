namespace PulseMeet.E2E.Tests.Architecture;

/// <summary>The table of docs/architecture.md: the rooms of the core, and what each may use.</summary>
internal static class Rooms
{
    /// <summary>The root's name: what everyone may use, and what uses no room.</summary>
    public const string Root = "";

    /// <summary>Every later room may use these. They use nothing among each other but what may be emitted by all.</summary>
    public static readonly string[] ForEveryone = ["Diagnostics", "Primitives", "Encoding"];

    /// <summary>What a room may use directly; with it comes what those may use. "*" is every room above it.</summary>
    public static readonly IReadOnlyList<(string Room, string[] Uses)> Table =
    [
        (Root, []),
        ("Diagnostics", []),
        ("Primitives", ["Diagnostics"]),
        ("Encoding", ["Diagnostics"]),
        ("Keys", ["Primitives", "Encoding"]),
        ("Identity", ["Keys"]),
        ("Derivation", ["Keys", "Identity"]),
        ("Sealing", ["Keys"]),
        ("Media", ["Keys"]),
        ("PreKeys", ["Identity"]),
        ("Handshake", ["PreKeys"]),
        ("Ratchet", ["Handshake", "Sealing"]),
        ("Mls", ["Keys", "Sealing"]),
        ("Groups", ["Mls", "Identity"]),
        ("Verification", ["Identity"]),
        ("Storage", ["Keys", "Sealing"]),
        ("Relay", ["PreKeys", "Identity"]),
        ("Messaging", ["*"]),
        ("Legacy", ["Keys", "Encoding"]),
        ("DependencyInjection", ["*"]),
    ];

    /// <summary>Uses of rooms that are not whole yet (contracts, structures): a line goes when the code that uses it comes, and
    /// <see cref="Layers"/> says when.</summary>
    public static readonly (string From, string To)[] NotUsedYet =
    [
        ("Mls", "Keys"), ("Storage", "Keys"), ("Storage", "Sealing"),
    ];

    /// <summary>All that a room may use, itself and the root included.</summary>
    public static IReadOnlySet<string> Allowed(string room)
    {
        HashSet<string> allowed = [Root, room];
        if (room != Root && !ForEveryone.Contains(room))
        {
            allowed.UnionWith(ForEveryone);
        }

        foreach (string used in Direct(room))
        {
            allowed.UnionWith(Allowed(used));
        }

        return allowed;
    }

    /// <summary>The rooms of a row. "All above" a room leaves out what has no place in it: <c>Legacy</c> stands below
    /// <c>Messaging</c>.</summary>
    public static IEnumerable<string> Direct(string room) =>
        Table.Single(row => row.Room == room).Uses is ["*"]
            ? Table.TakeWhile(row => row.Room != room).Select(row => row.Room)
            : Table.Single(row => row.Room == room).Uses;

    /// <summary>The uses that no row lists.</summary>
    public static IEnumerable<(string From, string To)> NotListed(IEnumerable<(string From, string To)> uses) =>
        uses.Where(use => !Allowed(use.From).Contains(use.To));

    /// <summary>The rooms named in a row, both there, that the row's room uses neither themselves nor anything that comes
    /// with them alone. "*" promises no use of each.</summary>
    public static IEnumerable<(string From, string To)> NotUsed(
        IReadOnlySet<(string From, string To)> uses, IReadOnlySet<string> existing) =>
        from row in Table
        where row.Uses is not ["*"] && existing.Contains(row.Room)
        from to in row.Uses
        where existing.Contains(to) && !ForEveryone.Contains(row.Room)
        let others = row.Uses.Where(other => other != to).SelectMany(Allowed).Concat(ForEveryone).Append(row.Room).Append(Root).ToHashSet()
        where !Allowed(to).Where(room => room == to || !others.Contains(room)).Any(room => uses.Contains((row.Room, room)))
        select (row.Room, to);
}
