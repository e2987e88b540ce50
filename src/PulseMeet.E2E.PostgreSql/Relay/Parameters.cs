using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.PostgreSql.Relay;

/// <summary>The parameters of the relay's statements, with their types: what preparing a statement needs.</summary>
internal static class Parameters
{
    public static NpgsqlParameter Text(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text };

    public static NpgsqlParameter Texts(IEnumerable<string> values) =>
        new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    public static NpgsqlParameter Bytes(ReadOnlyMemory<byte> value) => new() { Value = Array(value), NpgsqlDbType = NpgsqlDbType.Bytea };

    public static NpgsqlParameter BytesOrNull(ReadOnlyMemory<byte> value) =>
        new() { Value = value.IsEmpty ? DBNull.Value : Array(value), NpgsqlDbType = NpgsqlDbType.Bytea };

    public static NpgsqlParameter ManyBytes(IEnumerable<ReadOnlyMemory<byte>> values) =>
        new() { Value = values.Select(Array).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea };

    public static NpgsqlParameter Integer(int value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Integer };

    public static NpgsqlParameter Bigint(long value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Bigint };

    public static NpgsqlParameter Bigints(IEnumerable<long> values) =>
        new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };

    /// <summary>A number of 64 bits without a sign, such as an epoch.</summary>
    public static NpgsqlParameter Unsigned(ulong value) => new() { Value = (decimal)value, NpgsqlDbType = NpgsqlDbType.Numeric };

    public static NpgsqlParameter Share(double value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Double };

    public static NpgsqlParameter Boolean(bool value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Boolean };

    public static NpgsqlParameter Time(DateTimeOffset value) =>
        new() { Value = value.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    /// <summary>User and device: the first two parameters of most statements.</summary>
    public static NpgsqlParameter[] Of(DeviceAddress device) => [Text(device.UserId), Text(device.DeviceId)];

    private static byte[] Array(ReadOnlyMemory<byte> value) =>
        MemoryMarshal.TryGetArray(value, out ArraySegment<byte> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : value.ToArray();
}
