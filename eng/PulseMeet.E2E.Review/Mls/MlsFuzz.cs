using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>Hostile bytes for every decoder of MLS, made from right ones: each is read, or refused with a reason, and what was
/// read does its work or refuses it.</summary>
internal sealed class MlsFuzz
{
    private readonly Random _random;
    private readonly GroupServices _services = new() { Policy = AnyBasicCredential.Instance, Time = TimeProvider.System };
    private readonly MlsGroup _group;
    private readonly KeyPackageKeys _joiner;
    private readonly (string Name, byte[] Sample, Action<byte[]> Read)[] _targets;

    public MlsFuzz(int seed)
    {
        _random = new Random(seed);
        MlsSuite suite = MlsSuite.X25519Aes128;
        MlsClient alice = Client("alice");
        _group = MlsGroup.Create(suite, [1, 2, 3], alice, [], _services);
        KeyPackageKeys bob = Keys(suite, "bob");
        PendingCommit adding = _group.CreateCommit(new CommitRequest
        {
            Proposals = [.. new[] { bob, Keys(suite, "carol"), Keys(suite, "dave") }.Select(keys => new AddProposal(keys.KeyPackage))],
            TreeInWelcome = true,
        });
        _group.ApplyPending();
        MlsGroup other = MlsGroup.Join(adding.Welcomes[0].Message, bob, _ => false, _services);
        _joiner = Keys(suite, "joiner");
        byte[] publicCommit = other.CreateCommit(new CommitRequest { Format = WireFormat.PublicMessage }).Commit;
        other.DropPending();
        byte[] privateCommit = other.CreateCommit(new CommitRequest()).Commit;
        other.DropPending();
        _group.Receive(other.Propose(new RemoveProposal(2)));
        PendingCommit pending = _group.CreateCommit(new CommitRequest { Proposals = [new AddProposal(_joiner.KeyPackage)], TreeInWelcome = true });
        byte[] epochs = _group.SerializeEpochs();
        byte[] ratchets = _group.SerializeRatchets();
        void Receive(byte[] message) => MlsGroup.Deserialize(epochs, ratchets, _services).Receive(message);
        _targets =
        [
            ("public commit", publicCommit, Receive),
            ("private commit", privateCommit, Receive),
            ("proposal", other.Propose(new RemoveProposal(2), WireFormat.PublicMessage), Receive),
            ("application message", Seal(adding.Welcomes[0].Message, bob), Receive),
            ("welcome", pending.Welcomes[0].Message, message => MlsGroup.Join(message, _joiner, _ => false, _services)),
            ("group info", _group.GroupInfo(allowExternalJoin: true, withTree: true), message =>
                MlsGroup.JoinExternally(message, Client("external"), _ => false, _services)),
            ("tree", pending.Tree(), tree => TreeValidation.Validate(RatchetTree.Decode(suite, tree), suite)),
            ("key package", _joiner.Message(), message => MlsMessage.Decode<KeyPackage>(message).Validate(suite)),
            ("stored key package", _joiner.Serialize(), stored => KeyPackageKeys.Deserialize(stored).Dispose()),
            ("stored epochs", epochs, stored => Use(MlsGroup.Deserialize(stored, ratchets, _services), publicCommit)),
            ("stored ratchets", ratchets, stored => Use(MlsGroup.Deserialize(epochs, stored, _services), privateCommit)),
        ];
    }

    /// <summary>How many changed samples were read, and how many refused.</summary>
    public (int Read, int Refused) Counts { get; private set; }

    /// <summary>Gives every decoder a number of changed samples.</summary>
    /// <exception cref="InvalidOperationException">Something other than a refusal came of one.</exception>
    public void Run(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            foreach ((string name, byte[] sample, Action<byte[]> read) in _targets)
            {
                byte[] changed = Change(sample);
                try
                {
                    read(changed);
                    Counts = (Counts.Read + 1, Counts.Refused);
                }
                catch (E2EException)
                {
                    Counts = (Counts.Read, Counts.Refused + 1);
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"{name}: {Convert.ToHexString(changed)}: {exception}", exception);
                }
            }
        }
    }

    private static void Use(MlsGroup group, byte[] commit)
    {
        foreach (Action action in new Action[]
        {
            () => group.Receive(commit),
            () => group.Seal("text"u8),
            group.DropPending,
            () => group.CreateCommit(new CommitRequest()),
            group.Expire,
        })
        {
            try
            {
                action();
            }
            catch (E2EException)
            {
                // A refusal is an answer.
            }
        }

        group.Dispose();
    }

    private byte[] Seal(byte[] welcome, KeyPackageKeys keys) => MlsGroup.Join(welcome, keys, _ => false, _services).Seal("text"u8);

    private byte[] Change(byte[] sample)
    {
        var bytes = new List<byte>(sample);
        for (int i = 1 + _random.Next(3); i > 0 && bytes.Count > 0; i--)
        {
            int at = _random.Next(bytes.Count);
            switch (_random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)_random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, 1 + _random.Next(40)));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, 1 + _random.Next(40))));
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    // A length or a count at its greatest.
                    bytes[at] = 0xbf;
                    for (int end = Math.Min(bytes.Count, at + 4), next = at + 1; next < end; next++)
                    {
                        bytes[next] = 0xff;
                    }

                    break;
            }
        }

        return [.. bytes];
    }

    private static MlsClient Client(string name) =>
        new(Credential.Basic(System.Text.Encoding.UTF8.GetBytes(name)), MlsSignatureKey.Generate());

    private static KeyPackageKeys Keys(MlsSuite suite, string name) => KeyPackageKeys.Create(
        suite, Client(name), Lifetime.From(TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(1)));
}
