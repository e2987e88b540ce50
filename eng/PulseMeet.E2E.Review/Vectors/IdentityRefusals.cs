using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>What a reader must refuse, and with which reason: for every decoder and every check of identities, prekeys and first
/// messages an input.</summary>
internal sealed class IdentityRefusals : IVectorTopic
{
    private readonly Lazy<Dictionary<string, JsonObject>> _cases = new(
        () => RefusalCases.All().ToDictionary(vector => Text(vector, "what")));

    public string FileName => "refusals.json";

    public string Description =>
        "Inputs that are refused. «what» says why, «decoder» what reads «input», at the time «now» (Unix seconds), expecting the user «user_id», the "
        + "device «device_id» and the account key «account_key» (none: first contact), with the default salt. A first message comes to the device of "
        + "«stored_identity» and «stored_prekeys». Where there are «zeros», so many "
        + "zero bytes stand behind «input». «good» is an input of the same decoder that is taken at that time.";

    public JsonArray Write() => [.. _cases.Value.Values.Select(vector => vector.DeepClone())];

    public IEnumerable<string> Differences(JsonObject vector)
    {
        if (!_cases.Value.TryGetValue(Text(vector, "what"), out JsonObject? expected))
        {
            return ["what"];
        }

        return Compare(vector, expected)
            .Concat(Refusal(vector, "input") == Text(vector, "reason") ? [] : ["reason"])
            .Concat(vector["good"] is null || Refusal(vector, "good") == "" ? [] : ["good"]);
    }

    /// <summary>The reason with which the input is refused; empty where it is taken.</summary>
    private static string Refusal(JsonObject vector, string name)
    {
        try
        {
            Read(vector, Input(vector, name));
            return "";
        }
        catch (E2EException exception)
        {
            return exception.Reason.ToString();
        }
    }

    private static void Read(JsonObject vector, byte[] input)
    {
        var clock = new FixedClock(DateTimeOffset.FromUnixTimeSeconds(Number(vector, "now")));
        DateTimeOffset now = clock.GetUtcNow();
        switch (Text(vector, "decoder"))
        {
            case "certificate":
                DeviceCertificate.Decode(input).Verify(now);
                break;
            case "device list":
                ReadList(vector, DeviceList.Decode(input), now);
                break;
            case "signed pair":
                SignedPreKeyPair.Decode(input).Verify(Device(vector).Certificate.SigningKey);
                break;
            case "one-time pair":
                OneTimePreKeyPair.Decode(input).Verify(Device(vector).Certificate.SigningKey);
                break;
            case "publication":
                PreKeyPublication.Decode(input).Verify(now);
                break;
            case "bundle":
                RatchetSession.Initiate(
                    Device(vector), Peer(vector), PreKeyBundle.Decode(input), new RatchetOptions(), new PreKeyOptions(), clock).Dispose();
                break;
            case "stored identity":
                DeviceIdentity.Deserialize(input).Dispose();
                break;
            case "stored prekeys":
                DevicePreKeys.Deserialize(input, Device(vector), new PreKeyOptions(), clock).Dispose();
                break;
            case "first message":
                using (var preKeys = DevicePreKeys.Deserialize(
                    Bytes(vector, "stored_prekeys"), Device(vector), new PreKeyOptions(), clock))
                {
                    RatchetSession.Accept(preKeys, Peer(vector), input, new RatchetOptions(), clock).Session.Dispose();
                }

                break;
            default:
                throw new FormatException("An unknown decoder.");
        }
    }

    private static void ReadList(JsonObject vector, DeviceList list, DateTimeOffset now)
    {
        if (vector["account_key"] is null)
        {
            list.VerifyFirstContact(Text(vector, "user_id"), now);
        }
        else
        {
            list.Verify(Text(vector, "user_id"), Ed25519PublicKey.FromHex(Text(vector, "account_key")), now);
        }

        if (vector["seen_number"] is not null)
        {
            list.CheckNotOlderThan(Number(vector, "seen_number"), Bytes(vector, "seen_hash"));
        }

        if (vector["certificate"] is not null)
        {
            list.CheckListed(DeviceCertificate.Decode(Bytes(vector, "certificate")));
        }
    }

    private static DeviceIdentity Device(JsonObject vector) => DeviceIdentity.Deserialize(Bytes(vector, "stored_identity"));

    private static ExpectedPeer Peer(JsonObject vector)
    {
        var address = new DeviceAddress(Text(vector, "user_id"), Text(vector, "device_id"));
        return vector["account_key"] is null
            ? ExpectedPeer.FirstContact(address)
            : new ExpectedPeer(address, Ed25519PublicKey.FromHex(Text(vector, "account_key")));
    }
}
