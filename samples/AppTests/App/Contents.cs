using System.Collections.Immutable;
using PulseMeet.E2E;

namespace AppTests.App;

/// <summary>All records of a <see cref="SnapshotStore"/> at one moment.</summary>
/// <param name="Generation">Of the last lease.</param>
/// <param name="Revision">Of the last batch.</param>
/// <param name="Records">By table and key.</param>
internal sealed record Contents(long Generation, long Revision, ImmutableSortedDictionary<byte[], byte[]> Records)
{
    public static Contents Read(string path)
    {
        ImmutableSortedDictionary<byte[], byte[]>.Builder records = ImmutableSortedDictionary.CreateBuilder<byte[], byte[]>(Snapshot.Order);
        if (!File.Exists(path))
        {
            return new Contents(0, 0, records.ToImmutable());
        }

        try
        {
            using var reader = new BinaryReader(File.OpenRead(path));
            long generation = reader.ReadInt64();
            long revision = reader.ReadInt64();
            for (int left = reader.ReadInt32(); left > 0; left--)
            {
                records.Add(ReadBytes(reader), ReadBytes(reader));
            }

            return new Contents(generation, revision, records.ToImmutable());
        }
        catch (Exception exception) when (exception is IOException or ArgumentException)
        {
            throw new E2EException(E2EError.StoreDamaged, "The file is no store.", exception);
        }
    }

    public async Task WriteAsync(Stream file)
    {
        using var bytes = new MemoryStream();
        await using (var writer = new BinaryWriter(bytes))
        {
            writer.Write(Generation);
            writer.Write(Revision);
            writer.Write(Records.Count);
            foreach ((byte[] name, byte[] value) in Records)
            {
                writer.Write(name.Length);
                writer.Write(name);
                writer.Write(value.Length);
                writer.Write(value);
            }
        }

        await file.WriteAsync(bytes.ToArray());
    }

    private static byte[] ReadBytes(BinaryReader reader)
    {
        int length = reader.ReadInt32();
        byte[] bytes = reader.ReadBytes(length);
        return bytes.Length == length ? bytes : throw new EndOfStreamException();
    }
}
