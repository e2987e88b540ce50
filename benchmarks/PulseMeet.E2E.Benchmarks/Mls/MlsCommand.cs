using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Benchmarks.Mls;

/// <summary>MLS: a message beside a signature, and a removal, an add, an update, a join and the state at several sizes.</summary>
internal static class MlsCommand
{
    private const int Length = 256;

    /// <summary>How many members are removed for a commit's average length, evenly spread.</summary>
    private const int Removals = 50;

    private static readonly GroupServices s_services = new() { Policy = new AnyClient(), Time = TimeProvider.System };
    private static readonly MlsSuite[] s_suites = [MlsSuite.X25519Aes128, MlsSuite.XWingAes256];

    /// <param name="beside">The sizes at which to measure what benchmarks/peers/groups.sh measures of others, groups in which the creator alone has
    /// committed; null for this library's own aims.</param>
    /// <param name="resultFile">Where the figures go.</param>
    public static int Run(int[]? beside, string? resultFile)
    {
        // The first group compiles the code.
        Messages(MlsSuite.X25519Aes128, 50);
        Operations(MlsSuite.X25519Aes128, 20, 20);
        MlsSuite[] suites = beside is not null ? [MlsSuite.X25519Aes128, MlsSuite.XWingAes256Sha512] : s_suites;
        MessageRow[] messages = [.. suites.Select(suite => Messages(suite, beside is not null ? 100 : 600))];
        OperationRow[] operations = beside is not null
            ? [.. suites.SelectMany(suite => beside.Select(size => Operations(suite, size, 1)))]
            :
            [
                .. from suite in s_suites
                   from size in new[] { 10, 100, 1000 }
                   from share in size == 1000 ? new[] { 1, 10, 100 } : [100]
                   select Operations(suite, size, Math.Max(1, size * share / 100)),
            ];
        Table.Print(messages
            .Select(row => new[] { Name(row.Suite), Table.Duration(row.SealAndOpen), Table.Duration(row.Signature), Table.Number(row.Ratio, "0.00"), $"{row.Overhead} B" })
            .Prepend(["message of 256 bytes", "seal and open", "one signature and its verification", "ratio", "overhead"]));
        Console.WriteLine();
        Table.Print(operations
            .Select(row => new[]
            {
                $"{Name(row.Suite)}, {row.Members} members, {row.Committed} have committed",
                Table.Duration(row.Remove),
                $"{row.RemoveBytes} B",
                $"{row.MeanRemoveBytes} B",
                Table.Duration(row.FollowRemove),
                Table.Duration(row.Update),
                Table.Duration(row.Add),
                $"{row.AddBytes} B",
                $"{row.WelcomeBytes} B",
                Table.Duration(row.Join),
                $"{row.TreeBytes} B",
                $"{row.StateBytes} B",
            })
            .Prepend(["", "remove", "bytes", "on average", "follow it", "update", "add", "bytes", "Welcome", "join", "tree", "state"]));
        if (resultFile is not null)
        {
            ResultFile.Write(resultFile, new { messages, operations });
        }

        return 0;
    }

    private sealed record MessageRow(ushort Suite, double SealAndOpen, double Signature, double Ratio, int Overhead);

    private sealed record OperationRow(
        ushort Suite,
        int Members,
        int Committed,
        double Remove,
        int RemoveBytes,
        int MeanRemoveBytes,
        double FollowRemove,
        double Update,
        double Add,
        int AddBytes,
        int WelcomeBytes,
        double Join,
        int TreeBytes,
        int StateBytes);

    private static MessageRow Messages(MlsSuite suite, int batches)
    {
        var group = new LargeGroup(suite, 2, 2);
        using MlsGroup sender = Group(group.Committer);
        using MlsGroup receiver = Group(group.Receiver);
        byte[] plaintext = new byte[Length];
        byte[] privateKey = new byte[Ed25519.PrivateKeySize];
        byte[] publicKey = new byte[Ed25519.PublicKeySize];
        byte[] signature = new byte[Ed25519.SignatureSize];
        Ed25519.GeneratePrivateKey(privateKey);
        Ed25519.DerivePublicKey(privateKey, publicKey);
        double[] subject = new double[batches];
        double[] baseline = new double[batches];
        for (int i = 0; i < batches; i++)
        {
            subject[i] = Time(() => receiver.Receive(sender.Seal(plaintext)), 4);
            baseline[i] = Time(
                () =>
                {
                    Ed25519.Sign(privateKey, publicKey, plaintext, signature);
                    Ed25519.Verify(publicKey, plaintext, signature);
                },
                4);
        }

        return new MessageRow(
            suite.Id,
            Median(subject),
            Median(baseline),
            Median([.. subject.Zip(baseline, (one, other) => one / other)]),
            sender.Seal(plaintext).Length - Length);
    }

    private static OperationRow Operations(MlsSuite suite, int members, int committed)
    {
        var large = new LargeGroup(suite, members, committed);
        using MlsGroup committer = Group(large.Committer);
        using var key = MlsSignatureKey.Generate();
        KeyPackageKeys joiner = LargeGroup.NewKeyPackage(suite, members, key);
        Proposal remove = new RemoveProposal((uint)members - 1);
        Proposal add = new AddProposal(joiner.KeyPackage);
        PendingCommit removal = Commit(committer, remove);
        byte[] removalCommit = removal.Commit;
        double removing = Repeat(() => Commit(committer, remove));
        double updating = Repeat(() => Commit(committer));
        double adding = Repeat(() => Commit(committer, add));
        PendingCommit addition = Commit(committer, add);
        byte[] tree = addition.Tree();
        double joining = Repeat(() => MlsGroup.Join(addition.Welcomes[0].Message, joiner, _ => false, s_services, tree).Dispose());
        AuthenticatedContent content = MlsMessage.Decode<PublicMessage>(removalCommit).Content;
        using var none = new ProposalCache();
        double following = Repeat(() =>
        {
            // As a member does: membership tag and signature, and then the commit.
            EpochState receiver = large.Receiver;
            _ = content.MembershipTag(suite, receiver.Secrets.MembershipKey, receiver.Context.Encoded);
            _ = content.IsSignatureValid(suite, receiver.Context.Encoded, receiver.Tree.Leaf(0)!.SignatureKey);
            CommitProcessing.Process(receiver, content, none, s_services.Psks, s_services.Policy).Next!.Dispose();
        });
        committer.DropPending();
        return new OperationRow(
            suite.Id,
            members,
            committed,
            removing,
            removalCommit.Length,
            (int)Enumerable.Range(0, Removals).Average(i => Commit(committer, new RemoveProposal((uint)(1 + ((long)i * (members - 1) / Removals)))).Commit.Length),
            following,
            updating,
            adding,
            addition.Commit.Length,
            addition.Welcomes[0].Message.Length,
            joining,
            tree.Length,
            committer.SerializeEpochs().Length + committer.SerializeRatchets().Length);
    }

    private static PendingCommit Commit(MlsGroup group, params Proposal[] proposals)
    {
        group.DropPending();
        return group.CreateCommit(new CommitRequest { Proposals = proposals, Format = WireFormat.PublicMessage });
    }

    private static MlsGroup Group(EpochState epoch) => MlsGroup.Begin(new PendingCommit([], [], [], epoch), s_services);

    /// <summary>Five times, or as often as a second of processor time allows; the median.</summary>
    private static double Repeat(Action action)
    {
        action();
        var samples = new List<double>();
        do
        {
            samples.Add(Time(action, 1));
        }
        while (samples.Count < 5 || (samples.Sum() < 1e9 && samples.Count < 51));
        return Median([.. samples]);
    }

    private static double Time(Action action, int times)
    {
        BatchClock clock = BatchClock.Start();
        for (int i = 0; i < times; i++)
        {
            action();
        }

        return clock.Elapsed().Processor / times;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private static string Name(ushort suite) => suite == MlsSuite.X25519Aes128.Id ? "0x0001" : "X-Wing";
}
