using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Benchmarks.Primitives;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Benchmarks.Sealing;

/// <summary>Sealing single messages under a conversation key, with each padding.</summary>
internal sealed class SealingWorkloads(int length, PaddingScheme padding)
{
    private readonly MessageSealer _sealer = new(new MessageSealingOptions { Padding = padding });
    private readonly ConversationKey _key = ConversationKey.Import(RawPrimitives.Bytes(32));
    private readonly MessageContext _context = new("3f1c7a52-54d2-4a32-9d1a-3d0f6c1f9b7e", "alice", "bob", "1");
    private readonly byte[] _plaintext = RawPrimitives.Bytes(length);

    public Workload Seal => new(() => _sealer.Seal(_key, _plaintext, _context));

    public Workload Open
    {
        get
        {
            byte[] message = _sealer.Seal(_key, _plaintext, _context);
            return new(() => _sealer.Open(_key, message, _context));
        }
    }
}
