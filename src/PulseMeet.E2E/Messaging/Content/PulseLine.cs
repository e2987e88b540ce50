using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a member says inside a pairwise session of the line of a pulse chat that it is on.</summary>
/// <param name="Kind">0: a statement. 1: a statement, and the other is to say the same of itself. 2: a question alone, of a device that came
/// in and does not know yet whether it is: what it states is not judged. 3 and 4: as 0 and 1, of a device whom nobody who was there before
/// has said yet that it is on their line. 5: as 0, to such a device, of an epoch to which nothing at the relay leads.</param>
/// <param name="Since">Behind which number all that the speaker has said in its stream is for the one who is told: the highest that it had given
/// when that device came in; 0 for one that was there before it began.</param>
/// <param name="Statement">A fork statement of docs/protocol-groups.md.</param>
internal sealed record PulseLine(byte Kind, ulong Since, byte[] Statement)
{
    public const byte Says = 0;
    public const byte Asks = 1;
    public const byte Wonders = 2;
    public const byte SaysUnsure = 3;
    public const byte AsksUnsure = 4;
    public const byte Denies = 5;

    /// <summary>Of <see cref="Denies"/>: SHA-256 of the epoch_authenticator of the epoch to which nothing leads, 32 bytes; else empty.</summary>
    public byte[] Denied { get; init; } = [];

    /// <summary>Whether the speaker has no word itself of one that was there before.</summary>
    public bool IsUnsure => Kind is Wonders or SaysUnsure or AsksUnsure;

    public bool IsAsking => Kind is Asks or Wonders or AsksUnsure;

    public byte[] Encode() => new RecordWriter().Byte(Kind).UInt64(Since).Bytes(Denied).Bytes(Statement).ToArray();

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static PulseLine Decode(ReadOnlySpan<byte> body)
    {
        var reader = new SpanReader(body);
        byte kind = reader.ReadByte();
        if (kind > Denies)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A word of an unknown kind.");
        }

        ulong since = reader.ReadUInt64();
        byte[] denied = kind == Denies ? reader.ReadBytes(Sha256.Size).ToArray() : [];
        return new PulseLine(kind, since, reader.ReadRest().ToArray()) { Denied = denied };
    }
}
