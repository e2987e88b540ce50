using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Benchmarks.Primitives;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Benchmarks.Ratchet;

/// <summary>Messages of an established session, and the primitives they are made of.</summary>
internal sealed class RatchetWorkloads(int length)
{
    private const int Window = 64;

    private readonly Pair _pair = new();
    private readonly byte[] _plaintext = RawPrimitives.Bytes(length);
    private readonly Queue<byte[]> _messages = [];

    public Workload Seal => new(() => _pair.Alice.Seal(_plaintext));

    /// <summary>Opens messages in order; they are sealed outside the measured time.</summary>
    public Workload Open => new(() => _pair.Bob.Open(_messages.Dequeue()), SealAhead);

    public Workload OneWay => new(() => _pair.OneWay(_plaintext));

    public Workload PingPong => new(() => _pair.PingPong(_plaintext));

    public Workload OneWayStored => new(() => _pair.OneWayStored(_plaintext));

    public Workload PingPongStored => new(() => _pair.PingPongStored(_plaintext));

    /// <summary>Opens messages that arrive in windows of 64, each window backwards.</summary>
    public Workload OpenOutOfOrder => new(() => _pair.Bob.Open(_messages.Dequeue()), SealBackwards);

    /// <summary>What sealing is made of: two HMACs, one HKDF, AES-GCM over the header and over the padded body.</summary>
    public Workload BareSeal
    {
        get
        {
            byte[] header = new byte[RatchetHeader.Size];
            byte[] body = new byte[PaddingScheme.Default.GetPaddedLength(length)];
            byte[] sealedHeader = new byte[RatchetHeader.SealedSize];
            byte[] sealedBody = new byte[body.Length + AesGcm256.TagSize];
            return new(() =>
            {
                RawPrimitives.Hmac();
                RawPrimitives.Hmac();
                RawPrimitives.Hkdf();
                RawPrimitives.SealAesGcm(header, s_headerData, sealedHeader);
                RawPrimitives.SealAesGcm(body, s_bodyData, sealedBody);
            });
        }
    }

    public Workload BareOpen
    {
        get
        {
            byte[] header = new byte[RatchetHeader.Size];
            byte[] body = new byte[PaddingScheme.Default.GetPaddedLength(length)];
            byte[] sealedHeader = new byte[RatchetHeader.SealedSize];
            byte[] sealedBody = new byte[body.Length + AesGcm256.TagSize];
            RawPrimitives.SealAesGcm(header, s_headerData, sealedHeader);
            RawPrimitives.SealAesGcm(body, s_bodyData, sealedBody);
            return new(() =>
            {
                RawPrimitives.Hmac();
                RawPrimitives.Hmac();
                RawPrimitives.Hkdf();
                RawPrimitives.OpenAesGcm(sealedHeader, s_headerData, header);
                RawPrimitives.OpenAesGcm(sealedBody, s_bodyData, body);
            });
        }
    }

    private static readonly byte[] s_headerData = new byte[Sha256.Size + RatchetMessage.PrefixSize];
    private static readonly byte[] s_bodyData = new byte[Sha256.Size + RatchetMessage.BodyAt];

    private void SealAhead(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _messages.Enqueue(_pair.Alice.Seal(_plaintext));
        }
    }

    private void SealBackwards(int count)
    {
        while (count > 0)
        {
            int window = Math.Min(Window, count);
            foreach (byte[] message in Enumerable.Range(0, window).Select(_ => _pair.Alice.Seal(_plaintext)).ToArray().Reverse())
            {
                _messages.Enqueue(message);
            }

            count -= window;
        }
    }
}
