using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>ResumptionPSKUsage (RFC 9420, section 8.4).</summary>
internal enum ResumptionUsage : byte
{
    Application = 1,
    ReInit = 2,
    Branch = 3,
}

/// <summary>PreSharedKeyID (RFC 9420, section 8.4): an external key by its id, or the resumption key of an epoch.</summary>
internal sealed class PreSharedKeyId : IMlsStruct<PreSharedKeyId>
{
    private const byte ExternalType = 1;
    private const byte ResumptionType = 2;

    private PreSharedKeyId(byte[] id, byte[] nonce)
    {
        Id = id;
        Nonce = nonce;
    }

    private PreSharedKeyId(ResumptionUsage usage, byte[] groupId, ulong epoch, byte[] nonce)
    {
        Usage = usage;
        Id = groupId;
        Epoch = epoch;
        Nonce = nonce;
    }

    public bool IsResumption => Usage != 0;

    /// <summary>0 for an external key.</summary>
    public ResumptionUsage Usage { get; }

    /// <summary>psk_id of an external key; psk_group_id of a resumption key.</summary>
    public byte[] Id { get; }

    /// <summary>psk_epoch of a resumption key.</summary>
    public ulong Epoch { get; }

    /// <summary>KDF.Nh random bytes, fresh for each injection.</summary>
    public byte[] Nonce { get; }

    public static PreSharedKeyId External(MlsSuite suite, ReadOnlySpan<byte> id) => new(id.ToArray(), FreshNonce(suite));

    /// <summary>An external key with the nonce given, for vectors.</summary>
    internal static PreSharedKeyId External(byte[] id, byte[] nonce) => new(id, nonce);

    public static PreSharedKeyId Resumption(MlsSuite suite, ResumptionUsage usage, ReadOnlySpan<byte> groupId, ulong epoch) =>
        new(usage, groupId.ToArray(), epoch, FreshNonce(suite));

    public static PreSharedKeyId Read(ref MlsReader reader)
    {
        switch (reader.ReadByte())
        {
            case ExternalType:
                return new PreSharedKeyId(reader.ReadVector().ToArray(), reader.ReadVector().ToArray());
            case ResumptionType:
                var usage = (ResumptionUsage)reader.ReadByte();
                if (usage is < ResumptionUsage.Application or > ResumptionUsage.Branch)
                {
                    throw new E2EException(E2EError.InvalidEncoding, "A resumption key has an unknown usage.");
                }

                return new PreSharedKeyId(usage, reader.ReadVector().ToArray(), reader.ReadUInt64(), reader.ReadVector().ToArray());
            default:
                throw new E2EException(E2EError.InvalidEncoding, "A pre-shared key is of an unknown type.");
        }
    }

    /// <summary>Whether both name the same key with the same nonce.</summary>
    public bool IsSame(PreSharedKeyId other) => PublicBytes.Equal(this.Encode(), other.Encode());

    public void Write(MlsWriter writer)
    {
        writer.WriteByte(IsResumption ? ResumptionType : ExternalType);
        if (IsResumption)
        {
            writer.WriteByte((byte)Usage);
        }

        writer.WriteVector(Id);
        if (IsResumption)
        {
            writer.WriteUInt64(Epoch);
        }

        writer.WriteVector(Nonce);
    }

    private static byte[] FreshNonce(MlsSuite suite)
    {
        byte[] nonce = new byte[suite.SecretSize];
        Randomness.Fill(nonce);
        return nonce;
    }
}
