using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Benchmarks.Mls;

/// <summary>Pulse chats whole, with certificates, device lists and rules: what joining takes, and what the first commit of a member costs
/// in a tree where nobody but the creator has committed.</summary>
internal static class PulseCommand
{
    private const int DevicesPerAccount = 2;

    private static readonly TimeProvider s_time = TimeProvider.System;

    public static int Run(string? resultFile)
    {
        Measure(MlsSuite.X25519Aes128, 4);

        // Larger ones of X-Wing cannot be made without commits of their members in between: the creator's would be too long.
        Row[] rows =
        [
            .. new[] { 10, 100, 200, 400, 1000 }.Select(size => Measure(MlsSuite.X25519Aes128, size)),
            .. new[] { 10, 50, 100, 200 }.Select(size => Measure(MlsSuite.XWingAes256, size)),
        ];
        Table.Print(rows
            .Select(row => new[]
            {
                $"{(row.Suite == MlsSuite.X25519Aes128.Id ? "0x0001" : "X-Wing")}, {row.Devices} devices",
                $"{row.Snapshot} B",
                $"{row.Welcome} B",
                Table.Duration(row.Join),
                $"{row.FirstCommit} B",
                Table.Duration(row.Prepare),
                Table.Duration(row.Follow),
                $"{row.State} B",
            })
            .Prepend(["", "snapshot", "Welcome", "join", "first commit", "made", "taken", "state"]));
        if (resultFile is not null)
        {
            ResultFile.Write(resultFile, new { rows });
        }

        return 0;
    }

    private sealed record Row(
        ushort Suite, int Devices, int Snapshot, int Welcome, double Join, int FirstCommit, double Prepare, double Follow, int State);

    private static Row Measure(MlsSuite suite, int devices)
    {
        var accounts = new List<(DeviceIdentity[] Devices, DeviceList List)>();
        for (int i = 0; i < devices / DevicesPerAccount; i++)
        {
            using Ed25519KeyPair account = Ed25519KeyPair.Generate();
            DeviceIdentity[] identities =
            [
                .. Enumerable.Range(0, DevicesPerAccount).Select(
                    d => DeviceIdentity.Create(account, new DeviceAddress($"user {i:0000}", $"device {d}"), s_time)),
            ];
            accounts.Add((identities, DeviceList.Sign(account, identities.Select(identity => identity.Certificate), null, s_time)));
        }

        GroupDevice[] all = [.. accounts.SelectMany(account => account.Devices.Select(identity => new GroupDevice(identity, account.List)))];
        KeyPackageKeys[] keys = [.. all.Select(device => device.CreateKeyPackage(suite, s_time))];
        using PulseGroup creator = PulseGroup.Create(all[0], "Rooftop", GroupRights.Default, suite, s_time);
        PreparedCommit? commit = creator.Prepare(new BringIntent(
        [
            .. accounts.Select((account, i) => new Invitee(
                account.List.Encode(),
                [.. Enumerable.Range(i * DevicesPerAccount, DevicesPerAccount).Where(d => d > 0).Select(d => keys[d].Message())])),
        ]))!;
        PreparedCommit last = commit;
        while (commit is not null)
        {
            last = commit;
            creator.TakeCandidates([commit.Commit]);
            commit = creator.Rebase();
        }

        PulseGroup? joined = null;
        double join = Repeat(() =>
        {
            joined?.Dispose();
            joined = PulseGroup.Join(last.Welcomes[^1].Message, keys[^1], all[^1], last.Snapshot, _ => false, _ => null, s_time, out _);
        });
        using PulseGroup member = joined!;
        byte[] epochs = member.SerializeEpochs();
        int firstCommit = 0;
        double prepare = 0;
        double follow = 0;
        try
        {
            // Where it is too long, a member cannot commit at all: its length is that of MLS alone.
            PreparedCommit first = member.Prepare(new UpdateIntent())!;
            firstCommit = first.Commit.Length;
            member.Abandon();
            prepare = Repeat(() =>
            {
                first = member.Prepare(new UpdateIntent())!;
                member.Abandon();
            });
            first = member.Prepare(new UpdateIntent())!;
            follow = Time(() => creator.TakeCandidates([first.Commit]));
        }
        catch (E2EException exception) when (exception.Reason == E2EError.LimitExceeded)
        {
            firstCommit = member.Mls.CreateCommit(new CommitRequest { Format = WireFormat.PrivateMessage }).Commit.Length;
            member.Abandon();
        }

        return new Row(
            suite.Id,
            devices,
            last.Snapshot.Length,
            last.Welcomes[^1].Message.Length,
            join,
            firstCommit,
            prepare,
            follow,
            epochs.Length + member.SerializeRatchets().Length);
    }

    private static double Repeat(Action action)
    {
        double[] times = [.. Enumerable.Range(0, 3).Select(_ => Time(action))];
        Array.Sort(times);
        return times[1];
    }

    /// <summary>Nanoseconds of processor time.</summary>
    private static double Time(Action action)
    {
        BatchClock clock = BatchClock.Start();
        action();
        return clock.Elapsed().Processor;
    }
}
