using System.Text.Json.Nodes;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>A member by ts-mls.</summary>
internal sealed class TheirMember(TsMlsProcess process, string name, int suite) : IInteropMember
{
    public string Name => name;

    public byte[] KeyPackage() => Bytes(process.Ask("keyPackage", name, new JsonObject { ["suite"] = suite }), "keyPackage");

    public void Create(byte[] groupId)
    {
        KeyPackage();
        process.Ask("create", name, new JsonObject { ["groupId"] = Convert.ToHexString(groupId) });
    }

    public void Join(byte[] welcome) => process.Ask("join", name, new JsonObject { ["welcome"] = Convert.ToHexString(welcome) });

    public byte[] JoinExternally(byte[] groupInfo, bool replaces)
    {
        KeyPackage();
        return Bytes(
            process.Ask("joinExternally", name, new JsonObject
            {
                ["groupInfo"] = Convert.ToHexString(groupInfo),
                ["replaces"] = replaces,
            }),
            "commit");
    }

    public (byte[] Commit, IReadOnlyList<byte[]> Welcomes) Commit(
        IReadOnlyList<byte[]> add, IReadOnlyList<uint> remove, IReadOnlyList<byte[]> psks, bool isPublic)
    {
        JsonObject answer = process.Ask("commit", name, new JsonObject
        {
            ["add"] = Hex(add),
            ["remove"] = new JsonArray([.. remove.Select(leaf => (JsonNode)leaf)]),
            ["psks"] = Hex(psks),
            ["isPublic"] = isPublic,
        });

        // One Welcome for all joiners.
        byte[][] welcomes = answer["welcome"] is null ? [] : [.. add.Select(_ => Bytes(answer, "welcome"))];
        return (Bytes(answer, "commit"), welcomes);
    }

    public void Apply() => process.Ask("apply", name);

    public byte[] ProposeRemove(uint leaf, bool isPublic) => Bytes(
        process.Ask("proposeRemove", name, new JsonObject { ["removed"] = leaf, ["isPublic"] = isPublic }), "message");

    public byte[]? Receive(byte[] message)
    {
        JsonObject answer = process.Ask("receive", name, new JsonObject { ["message"] = Convert.ToHexString(message) });
        return answer["content"] is null ? null : Bytes(answer, "content");
    }

    public byte[] Seal(byte[] content) =>
        Bytes(process.Ask("seal", name, new JsonObject { ["content"] = Convert.ToHexString(content) }), "message");

    public bool IsTsMls => true;

    public byte[] GroupInfo(bool forTsMls) =>
        Bytes(process.Ask("groupInfo", name, new JsonObject { ["forTsMls"] = forTsMls }), "groupInfo");

    public void HoldPsk(byte[] id, byte[] key) => process.Ask("holdPsk", name, new JsonObject
    {
        ["id"] = Convert.ToHexStringLower(id),
        ["key"] = Convert.ToHexString(key),
    });

    public InteropPlace Where()
    {
        JsonObject answer = process.Ask("where", name);
        return new InteropPlace(
            answer["epoch"]!.GetValue<ulong>(),
            answer["leaf"]!.GetValue<uint>(),
            answer["authenticator"]!.GetValue<string>(),
            answer["exported"]!.GetValue<string>());
    }

    private static byte[] Bytes(JsonObject answer, string field) => Convert.FromHexString(answer[field]!.GetValue<string>());

    private static JsonArray Hex(IReadOnlyList<byte[]> values) => new([.. values.Select(value => (JsonNode)Convert.ToHexString(value))]);
}
