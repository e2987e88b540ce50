using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Benchmarks.Peers;

/// <summary>A message of a pulse chat, sealed by one device and opened by another, as peers/libsignal.mjs measures a sender key: what a member does
/// for a message does not depend on how many there are.</summary>
internal sealed class GroupRows : IDisposable
{
    private const int MessageSize = 256;

    private readonly PulseGroup _sender;
    private readonly PulseGroup _receiver;
    private readonly byte[] _content = new byte[MessageSize];

    public GroupRows(MlsSuite suite)
    {
        TimeProvider time = TimeProvider.System;
        GroupDevice[] devices =
        [
            .. new[] { "alice", "bob" }.Select(user =>
            {
                using Ed25519KeyPair account = Ed25519KeyPair.Generate();
                using DeviceIdentity identity = DeviceIdentity.Create(account, new DeviceAddress(user, "phone"), time);
                return new GroupDevice(identity, DeviceList.Sign(account, [identity.Certificate], null, time));
            }),
        ];
        using KeyPackageKeys keys = devices[1].CreateKeyPackage(suite, time);
        _sender = PulseGroup.Create(devices[0], "Rooftop", GroupRights.Default, suite, time);
        PreparedCommit commit = _sender.Prepare(new BringIntent([new Invitee(devices[1].List.Encoded.ToArray(), [keys.Message()])]))!;
        _sender.TakeCandidates([commit.Commit]);
        _receiver = PulseGroup.Join(commit.Welcomes[0].Message, keys, devices[1], commit.Snapshot, _ => false, _ => null, time, out _);
    }

    public static IReadOnlyDictionary<string, double> Measure()
    {
        using var rows = new GroupRows(MlsSuite.XWingAes256);
        return new Dictionary<string, double> { ["group"] = SessionRows.Time(new(rows.OneWay)) };
    }

    public static IReadOnlyDictionary<string, int> MeasureSizes()
    {
        using var rows = new GroupRows(MlsSuite.XWingAes256);
        return new Dictionary<string, int> { ["group"] = rows._sender.Seal(rows._content).Length - MessageSize };
    }

    public void OneWay() => _receiver.Receive(_sender.Seal(_content));

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }
}
