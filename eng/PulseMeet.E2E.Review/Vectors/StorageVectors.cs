using System.Text.Json.Nodes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Storage;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A store with one record: wrapped root key, sealed record, leaf and head.</summary>
internal sealed class StorageVectors : IVectorTopic
{
    private const long Node = 1;

    public string FileName => "storage.json";

    public string Description => "A device's store with one record: root key, code, sealed record, leaf, head; and records that are refused.";

    public JsonArray Write() => [Vector(string.Empty), Vector("a session's state")];

    public IEnumerable<string> Differences(JsonObject vector)
    {
        foreach (string name in Compare(vector, Compute(vector)))
        {
            yield return name;
        }

        byte[] root = Bytes(vector, "root_key");
        byte[] salt = Bytes(vector, "batch_salt");
        if (RecordSeal.Open(root, RecordKind.Record, Name(vector), salt, Bytes(vector, "sealed_record")) is not { } value
            || Hex(value) != Text(vector, "value"))
        {
            yield return "value";
        }

        foreach (JsonNode? refused in vector["refused_records"]!.AsArray())
        {
            if (RecordSeal.Open(root, RecordKind.Record, Name(vector), salt, Convert.FromHexString((string)refused!)) is not null)
            {
                yield return "refused_records";
            }
        }
    }

    private static JsonObject Vector(string text)
    {
        var vector = new JsonObject
        {
            ["master_key"] = Hex(Fixed("store master key")),
            ["root_key"] = Hex(Fixed("store root key")),
            ["revision"] = 2,
            ["table"] = 7,
            ["key"] = Hex("bob/phone"u8),
            ["value"] = Hex(System.Text.Encoding.UTF8.GetBytes(text)),
            ["key_salt"] = Hex(Fixed("key salt").AsSpan(0, RecordSeal.SaltSize)),
            ["batch_salt"] = Hex(Fixed("batch salt").AsSpan(0, RecordSeal.SaltSize)),
        };
        AddTo(vector, Compute(vector));

        return vector;
    }

    private static byte[] Name(JsonObject vector) => StoreName.Of((byte)Number(vector, "table"), Bytes(vector, "key"));

    private static JsonObject Compute(JsonObject vector)
    {
        byte[] root = Bytes(vector, "root_key");
        long revision = Number(vector, "revision");
        byte[] name = Name(vector);
        byte[] value = Bytes(vector, "value");
        byte[] salt = Bytes(vector, "batch_salt");
        byte[] keySalt = Bytes(vector, "key_salt");
        using MasterKey master = MasterKey.Import(Bytes(vector, "master_key"));
        using var keys = new StoreKeys(SecretBytes.CopyOf(root));
        using var batch = new BatchSeal(root, RecordSeal.BatchLabel, revision, salt);
        byte[] record = batch.Seal(RecordKind.Record, name, value, PaddingScheme.Default);
        var leaf = new TreeNode(Node, 0, [new TreeEntry(name, salt, 0)]);
        byte[] node = batch.Seal(RecordKind.Node, leaf.Name, leaf.Encode(), PaddingScheme.None);
        var head = new StoreHead(revision, 1, Node + 1, Node, 0, salt, keySalt);
        byte[] sealedHead = head.Seal(batch);
        byte[] another = batch.Seal(RecordKind.Record, [.. name, 0], value, PaddingScheme.Default);
        byte[] otherKind = batch.Seal(RecordKind.Node, name, value, PaddingScheme.Default);
        using var otherBatch = new BatchSeal(root, RecordSeal.BatchLabel, revision, keySalt);
        byte[] otherSalt = otherBatch.Seal(RecordKind.Record, name, value, PaddingScheme.Default);
        byte[] otherNumber = [.. record];
        otherNumber[RecordSeal.PrefixSize - 1] ^= 1;
        byte[] otherRevision = [.. record];
        otherRevision[8] ^= 1;
        return new JsonObject
        {
            ["wrapped_root_key"] = Hex(WrappedRoot.Wrap(master, root, 1, keySalt)),
            ["code"] = Hex(keys.CodeOf(name)),
            ["sealed_record"] = Hex(record),
            ["leaf"] = Hex(leaf.Encode()),
            ["node_key"] = Hex(leaf.Name),
            ["sealed_node"] = Hex(node),
            ["head"] = Hex(head.Encode()),
            ["sealed_head"] = Hex(sealedHead),
            ["refused_records"] = new JsonArray(
                Hex([1, .. record.AsSpan(1)]), Hex([3, .. record.AsSpan(1)]), Hex(otherRevision), Hex(otherNumber), Hex(otherSalt), Hex(another),
                Hex(otherKind), Hex(record.AsSpan(0, record.Length - 1)), Hex([.. record, 0]), Hex(record.AsSpan(0, 45)), string.Empty),
        };
    }
}
