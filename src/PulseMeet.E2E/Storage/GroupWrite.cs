using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Storage;

/// <summary>The batches of one write, laid over each other in order, and sealed together.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class GroupWrite(StoreKeys keys, TreeReader reader, StoreView view)
{
    private const int RecordsBetweenPauses = 16;

    private readonly Dictionary<byte[], ReadOnlyMemory<byte>?> _writes = new(StoreName.Comparer);

    /// <summary>16 bytes that name the write, once it is sealed.</summary>
    public byte[] Salt { get; private set; } = [];

    /// <summary>Lays a batch over those before it.</summary>
    /// <returns>False where a record that it expects is another one.</returns>
    /// <exception cref="E2EException">The tree cannot be read (<see cref="E2EError.StoreDamaged"/>).</exception>
    public async ValueTask<bool> TryAddAsync(StoreBatch batch)
    {
        foreach ((byte[] name, byte[]? salt) in batch.Expected)
        {
            if (_writes.ContainsKey(name) || !PublicBytes.Equal(await SaltOfAsync(name).ConfigureAwait(false), salt))
            {
                return false;
            }
        }

        foreach ((byte[] name, ReadOnlyMemory<byte>? value) in batch.Writes)
        {
            _writes[name] = value;
        }

        return true;
    }

    /// <summary>Seals the records, the nodes of the tree and the head.</summary>
    /// <exception cref="E2EException">The tree cannot be read (<see cref="E2EError.StoreDamaged"/>).</exception>
    public async ValueTask<(IReadOnlyList<StoreChange> Changes, StoreView Next)> SealAsync()
    {
        long revision = view.Head.Revision + 1;
        List<StoreChange> changes = new(_writes.Count + 16);
        using BatchSeal seal = keys.BeginBatch(revision);
        Salt = seal.Salt;
        var edit = new TreeEdit(reader, view.Head, view.Root, seal.Salt);
        foreach ((byte[] name, ReadOnlyMemory<byte>? value) in _writes)
        {
            byte[]? record = value is { } put ? seal.Seal(RecordKind.Record, name, put.Span, PaddingScheme.Default) : null;
            changes.Add(new StoreChange(StoreTables.Records, keys.CodeOf(name), record));
            await edit.PutAsync(name, isThere: value is not null).ConfigureAwait(false);
            if (changes.Count % RecordsBetweenPauses == 0)
            {
                await GivingWay.OnceAsync().ConfigureAwait(false);
            }
        }

        (StoreHead head, TreeEntry? root) = edit.Seal(seal, revision, changes);
        changes.Add(new StoreChange(StoreTables.Roots, StoreTables.HeadRecord, head.Seal(seal)));
        return (changes, new StoreView(head, root));
    }

    /// <summary>Tells what was written, once it is.</summary>
    public void Note(RecentRecords recent)
    {
        foreach ((byte[] name, ReadOnlyMemory<byte>? value) in _writes)
        {
            recent.Written(name, Salt, view.Head.Revision + 1, value);
        }
    }

    private async ValueTask<byte[]?> SaltOfAsync(byte[] name)
    {
        (bool readable, TreeEntry? entry) =
            await reader.FindAsync(view.Root, view.Head.Levels, name, CancellationToken.None).ConfigureAwait(false);
        return readable ? entry?.Salt : throw new E2EException(E2EError.StoreDamaged, "A node of the tree is missing, old or changed.");
    }
}
