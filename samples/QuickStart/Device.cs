using System.Security.Cryptography;
using System.Text;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;

namespace QuickStart;

/// <summary>A device that keeps nothing in memory between two calls: identity, prekeys and session are read from its own
/// store and written back before a message leaves or is shown.</summary>
/// <remarks>A real app encrypts the store under a key from the operating system's key store.</remarks>
internal sealed class Device
{
    private readonly IDeviceFactory _devices;
    private readonly IRatchetSessionFactory _sessions;
    private readonly IKeyDirectory _directory;
    private readonly Dictionary<string, byte[]> _store = [];

    public Device(string name, IDeviceFactory devices, IRatchetSessionFactory sessions, IKeyDirectory directory)
    {
        Name = name;
        _devices = devices;
        _sessions = sessions;
        _directory = directory;
        using var account = Ed25519KeyPair.Generate();
        AccountKey = account.PublicKey;
        using DeviceIdentity identity = devices.CreateDevice(account, new DeviceAddress(name.ToLowerInvariant(), "phone"));
        Address = identity.Address;
        using DevicePreKeys preKeys = devices.CreatePreKeys(identity);
        Save("identity", identity.Serialize());
        Save("prekeys", preKeys.Serialize());
    }

    private Device(Device other)
    {
        _devices = other._devices;
        _sessions = other._sessions;
        _directory = other._directory;
        Name = other.Name;
        AccountKey = other.AccountKey;
        Address = other.Address;
        _store = new Dictionary<string, byte[]>(other._store);
    }

    public string Name { get; }

    public DeviceAddress Address { get; }

    public Ed25519PublicKey AccountKey { get; }

    private ExpectedPeer AsPeer => new(Address, AccountKey);

    private DeviceIdentity Identity => DeviceIdentity.Deserialize(_store["identity"]);

    public async Task PublishAsync()
    {
        using DeviceIdentity identity = Identity;
        using DevicePreKeys preKeys = _devices.LoadPreKeys(_store["prekeys"], identity);
        PreKeyPublication publication = preKeys.PreparePublication(directory: default);
        Save("prekeys", preKeys.Serialize());
        await _directory.PublishAsync(publication);
    }

    public async Task BeginAsync(Device peer)
    {
        using DeviceIdentity identity = Identity;
        PreKeyBundle bundle = await _directory.ClaimBundleAsync(peer.Address);
        using RatchetSession session = _sessions.Initiate(identity, peer.AsPeer, bundle);
        Save("session", session.Serialize());
    }

    public byte[] Send(string text)
    {
        using RatchetSession session = _sessions.Load(_store["session"]);
        byte[] message = session.Seal(Encoding.UTF8.GetBytes(text));
        Save("session", session.Serialize());
        return message;
    }

    public string Receive(Device from, byte[] message)
    {
        if (!_store.TryGetValue("session", out byte[]? stored))
        {
            return Accept(from, message);
        }

        using RatchetSession session = _sessions.Load(stored);
        byte[] plaintext = session.Open(message);
        Save("session", session.Serialize());
        return Encoding.UTF8.GetString(plaintext);
    }

    /// <summary>What somebody has who copies the store: everything of this moment, and nothing that comes later.</summary>
    public Device CopyOfStore() => new(this);

    /// <summary>A digest of the stored session: shows that a refused message has changed nothing.</summary>
    public string StoredSessionDigest() => Convert.ToHexStringLower(SHA256.HashData(_store["session"]));

    private string Accept(Device from, byte[] message)
    {
        using DeviceIdentity identity = Identity;
        using DevicePreKeys preKeys = _devices.LoadPreKeys(_store["prekeys"], identity);
        AcceptedSession accepted = _sessions.Accept(preKeys, from.AsPeer, message);
        using RatchetSession session = accepted.Session;
        Save("prekeys", preKeys.Serialize());
        Save("session", session.Serialize());
        return Encoding.UTF8.GetString(accepted.Plaintext.Span);
    }

    private void Save(string name, byte[] state) => _store[name] = state;
}
