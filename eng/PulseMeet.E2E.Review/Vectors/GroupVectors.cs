using System.Text.Json.Nodes;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Mls;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>What pulse chats put on top of MLS: the formats, what a reader refuses, and a chat that another client can follow.</summary>
internal sealed class GroupVectors : IVectorTopic
{
    public string FileName => "groups.json";

    public string Description => "Pulse chats: the extensions, the lists hash, a request to leave, a fork statement; two statements beside each other; forms that a reader refuses; a chat that a joiner follows, with commits that it passes over.";

    public bool IsFresh => true;

    public JsonArray Write() =>
    [
        Computed(new JsonObject
        {
            ["kind"] = "context",
            ["name"] = "Rooftop",
            ["creator"] = "alice",
            ["admins"] = "bob carol",
            ["rights"] = "0101010101",
            ["lists_hash"] = Hex(Fixed("lists")),
        }),
        Computed(new JsonObject { ["kind"] = "leaf", ["number"] = 1790000000, ["list_hash"] = Hex(Fixed("list")) }),
        Computed(new JsonObject
        {
            ["kind"] = "leave",
            ["signature_private"] = Hex(Fixed("leaving device")),
            ["group_id"] = Hex(Fixed("group")),
            ["epoch"] = 7,
            ["leaf_hash"] = Hex(Fixed("leaf")),
        }),
        Computed(new JsonObject
        {
            ["kind"] = "statement",
            ["group_id"] = Hex(Fixed("group")),
            ["epoch"] = 7,
            ["authenticator_hash"] = Hex(Fixed("authenticator")),
            ["commit_hash"] = Hex(Fixed("commit")),
            ["earlier_authenticator_hash"] = Hex(Fixed("earlier authenticator")),
        }),
        .. ForkJudgements.All.Select(Computed),
        .. GroupRefusals.All.Select(Computed),
        Computed(GroupTranscript.Write()),
    ];

    public IEnumerable<string> Differences(JsonObject vector) => Compare(vector, Compute(vector));

    private static JsonObject Computed(JsonObject vector)
    {
        AddTo(vector, Compute(vector));
        return vector;
    }

    private static JsonObject Compute(JsonObject vector)
    {
        string kind = Text(vector, "kind");
        JsonObject computed = kind switch
        {
            "context" => Context(vector),
            "leaf" => new JsonObject
            {
                ["extension"] = Hex(new DeviceListName(Number(vector, "number"), Bytes(vector, "list_hash")).ToExtension().Data),
            },
            "leave" => Leave(vector),
            "statement" => Statement(vector),
            "transcript" => GroupTranscript.Compute(vector),
            _ => ForkJudgements.Compute(vector) ?? GroupRefusals.Compute(vector),
        };
        computed["kind"] = kind;
        return computed;
    }

    private static JsonObject Context(JsonObject vector)
    {
        var rights = new MlsReader(Bytes(vector, "rights"));
        var data = new PulseData
        {
            Name = Text(vector, "name"),
            Creator = Text(vector, "creator"),
            Admins = Text(vector, "admins").Split(' '),
            Rights = GroupRights.Read(ref rights),
            ListsHash = Bytes(vector, "lists_hash"),
        };
        Extension[] extensions = data.ToExtensions();
        return new JsonObject
        {
            ["required_capabilities"] = Hex(extensions[0].Data),
            ["pulse"] = Hex(PulseData.Of(extensions).Encode()),
        };
    }

    private static JsonObject Leave(JsonObject vector)
    {
        using var key = MlsSignatureKey.Import(Bytes(vector, "signature_private"));
        LeaveRequest request = LeaveRequest.Sign(
            MlsSuite.X25519Aes128, Bytes(vector, "group_id"), (ulong)Number(vector, "epoch"), Bytes(vector, "leaf_hash"), key);
        return new JsonObject { ["proposal"] = Hex(LeaveRequest.Decode(request.Encode()).ToProposal().Encode()) };
    }

    private static JsonObject Statement(JsonObject vector)
    {
        ulong epoch = (ulong)Number(vector, "epoch");
        var statement = new ForkStatement(
            Bytes(vector, "group_id"),
            [
                new EpochMark(epoch, Bytes(vector, "authenticator_hash"), Bytes(vector, "commit_hash")),
                new EpochMark(epoch - 1, Bytes(vector, "earlier_authenticator_hash"), EpochMark.NoCommit),
            ]);
        return new JsonObject { ["statement"] = Hex(ForkStatement.Decode(statement.Encode()).Encode()) };
    }
}
