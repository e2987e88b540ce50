using PulseMeet.E2E.Benchmarks.Client;
using PulseMeet.E2E.Benchmarks.Derivation;
using PulseMeet.E2E.Benchmarks.Handshake;
using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Benchmarks.Media;
using PulseMeet.E2E.Benchmarks.Primitives;
using PulseMeet.E2E.Benchmarks.Ratchet;

namespace PulseMeet.E2E.Benchmarks.Enforcing;

/// <summary>A row of budgets.json and how it is measured.</summary>
internal sealed record Scenario(string Id, Func<Measurement> Measure)
{
    private const int SingleSteps = 2000;
    private const int HandshakeSingleSteps = 300;
    private const int MediaSingleSteps = 100;
    private const int MessageSize = 256;
    private const int MediaSize = 1024 * 1024;
    private const int LargeMediaSize = 16 * MediaSize;

    public static IReadOnlyList<Scenario> All { get; } =
    [
        Of("derivation.conversation", () => (new DerivationWorkloads().Conversation, DerivationWorkloads.BareAgreement)),
        Of("derivation.mediaFile", () => (new DerivationWorkloads().MediaFile, null)),
        Of("derivation.device", () => (new DerivationWorkloads().Device, null)),
        Of("derivation.backup", () => (new DerivationWorkloads().Backup, null)),
        Of("ratchet.seal", () => (new RatchetWorkloads(MessageSize).Seal, new RatchetWorkloads(MessageSize).BareSeal)),
        Of("ratchet.open", () => (new RatchetWorkloads(MessageSize).Open, new RatchetWorkloads(MessageSize).BareOpen)),
        Of("client.send", () => (new ClientWorkloads(MessageSize).Send, new RatchetWorkloads(MessageSize).OneWayStored), HandshakeSingleSteps),
        Of("handshake.bundle", () => (new HandshakeWorkloads().CreateBundle, new BareHandshake().CreateBundle), HandshakeSingleSteps),
        Of("handshake.initiate", () => (new HandshakeWorkloads().Initiate, new BareHandshake().Initiate), HandshakeSingleSteps),
        Of("handshake.accept", () => (new HandshakeWorkloads().Accept, new BareHandshake().Accept), HandshakeSingleSteps),
        Of("handshake.both", () => (new HandshakeWorkloads().Both, new BareHandshake().Both), HandshakeSingleSteps),
        Of("handshake.refuse", () => (new HandshakeWorkloads().RefuseReplay, new BareHandshake().Accept), HandshakeSingleSteps),
        Of("speed.setUp", () => Pair(new HandshakeWorkloads().Both, new HandshakeWorkloads().Both), HandshakeSingleSteps),
        Of("speed.answer", () => Pair(new RatchetWorkloads(MessageSize).PingPong, new RatchetWorkloads(MessageSize).PingPong), HandshakeSingleSteps),
        Of("speed.seal", () => Pair(new RatchetWorkloads(MessageSize).Seal, new RatchetWorkloads(MessageSize).Seal)),
        Of("media.seal", () => (new MediaWorkloads(MediaSize).Seal, new MediaWorkloads(MediaSize).Bare), MediaSingleSteps),
        Of("media.sealTree", () => (new MediaWorkloads(LargeMediaSize).Seal, new MediaWorkloads(LargeMediaSize).SealFlat), MediaSingleSteps),
        Of("media.sealByTwo", () => (new MediaWorkloads(LargeMediaSize).SealByTwo, new MediaWorkloads(LargeMediaSize).BareAesGcm), MediaSingleSteps),
        Of("media.open", () => (new MediaWorkloads(MediaSize).Open, new MediaWorkloads(MediaSize).Bare), MediaSingleSteps),
    ];

    /// <summary>What the library does here beside what it does where libcrypto is not called directly.</summary>
    private static (Workload Subject, Workload? Baseline) Pair(Workload here, Workload elsewhere) =>
        (Backends.Chosen(here), Backends.Managed(elsewhere));

    private static Scenario Of(string id, Func<(Workload Subject, Workload? Baseline)> workloads, int singleSteps = SingleSteps) =>
        new(id, () =>
        {
            bool chosen = E2E.Primitives.Backends.UsesLibcrypto;
            try
            {
                (Workload subject, Workload? baseline) = workloads();
                return Stopwatching.Measure(id, subject, baseline, singleSteps);
            }
            finally
            {
                E2E.Primitives.Backends.UsesLibcrypto = chosen;
            }
        });
}
