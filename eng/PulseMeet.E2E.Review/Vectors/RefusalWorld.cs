using System.Buffers.Binary;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Anna's phone, Bob's phone and tablet, and Bob's prekeys, out of fixed keys.</summary>
internal sealed class RefusalWorld
{
    private readonly DateTimeOffset _time;

    public RefusalWorld(DateTimeOffset time)
    {
        _time = time;
        Anna = Device("anna", "phone");
        Bob = Device("bob", "phone");
        Tablet = Device("bob", "tablet");
        Pairs = new FixedPairs(PairInputs("", 1, 2), Bob);
        Later = new FixedPairs(PairInputs("later ", 3, 4), Bob);
    }

    public DeviceIdentity Anna { get; }

    public DeviceIdentity Bob { get; }

    public DeviceIdentity Tablet { get; }

    /// <summary>Signed pair 1 and one-time pair 2.</summary>
    public FixedPairs Pairs { get; }

    /// <summary>Signed pair 3 and one-time pair 4.</summary>
    public FixedPairs Later { get; }

    /// <summary>The last second of every certificate.</summary>
    public long End => _time.AddYears(1).ToUnixTimeSeconds();

    public JsonObject Case(string what, string decoder, byte[] input, E2EError reason, byte[]? good, long later = 0)
    {
        // Who reads: Bob's own prekeys and first messages at Bob's, bundles at Anna's.
        DeviceIdentity reader = decoder == "bundle" ? Anna : Bob;
        DeviceIdentity peer = decoder == "first message" ? Anna : Bob;
        var vector = new JsonObject
        {
            ["what"] = what,
            ["decoder"] = decoder,
            ["now"] = _time.ToUnixTimeSeconds() + later,
            ["user_id"] = peer.Address.UserId,
            ["device_id"] = peer.Address.DeviceId,
            ["account_key"] = peer.Certificate.AccountKey.ToHex(),
            ["stored_identity"] = Hex(reader.Serialize()),
            ["input"] = Hex(input),
            ["reason"] = reason.ToString(),
        };
        if (decoder == "first message")
        {
            vector["stored_prekeys"] = Hex(Pairs.Stored());
        }

        if (good is not null && later == 0)
        {
            vector["good"] = Hex(good);
        }

        return vector;
    }

    /// <summary>A list of anything, signed by Bob's account all the same.</summary>
    public byte[] List(long number, params byte[][] certificates)
    {
        using Ed25519KeyPair account = Ed25519KeyPair.Import(Fixed("bob account"));
        List<byte> content = [1, 0, 3, .. "bob"u8, .. account.PublicKey.Span];
        byte[] numbers = new byte[16];
        BinaryPrimitives.WriteInt64BigEndian(numbers, number);
        BinaryPrimitives.WriteInt64BigEndian(numbers.AsSpan(8), _time.ToUnixTimeSeconds());
        content.AddRange(numbers);
        content.Add((byte)certificates.Length);
        foreach (byte[] certificate in certificates)
        {
            content.AddRange([(byte)(certificate.Length >> 8), (byte)certificate.Length, .. certificate]);
        }

        byte[] signature = new byte[Ed25519KeyPair.SignatureSize];
        account.Sign("PulseMeet-E2E v1 device list"u8, content.ToArray(), signature);
        return [.. content, .. signature];
    }

    private DeviceIdentity Device(string user, string device)
    {
        string name = user + " " + device;
        return FixedDevice.Read(
            new JsonObject
            {
                ["x_account_private"] = Hex(Fixed(user + " account")),
                ["x_identity_private"] = Hex(Fixed(name + " identity")),
                ["x_signing_private"] = Hex(Fixed(name + " signing")),
                ["x_mls_private"] = Hex(Fixed(name + " MLS")),
                ["x_user_id"] = user,
                ["x_device_id"] = device,
                ["not_before"] = _time.ToUnixTimeSeconds(),
                ["not_after"] = End,
            },
            "x");
    }

    private JsonObject PairInputs(string name, int signedId, int oneTimeId) => new()
    {
        ["created"] = _time.ToUnixTimeSeconds(),
        ["salt"] = "PulseMeet-E2E-Salt-v1",
        ["signed_pair_id"] = signedId,
        ["signed_curve_private"] = Hex(Fixed(name + "signed curve")),
        ["signed_kem_seed"] = Hex([.. Fixed(name + "signed d"), .. Fixed(name + "signed z")]),
        ["one_time_pair_id"] = oneTimeId,
        ["one_time_curve_private"] = Hex(Fixed(name + "one-time curve")),
        ["one_time_kem_seed"] = Hex([.. Fixed(name + "one-time d"), .. Fixed(name + "one-time z")]),
    };
}
