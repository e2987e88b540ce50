using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Two devices of an account: certificates, stored identity, and a first and a following device list.</summary>
internal sealed class IdentityVectors : IVectorTopic
{
    private static readonly DateTimeOffset s_time = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public string FileName => "identity.json";

    public string Description =>
        "Device certificates, a stored identity, an account's first device list and the one that follows it within the same second.";

    public JsonArray Write()
    {
        var vector = new JsonObject
        {
            ["phone_account_private"] = Hex(Fixed("account")),
            ["phone_identity_private"] = Hex(Fixed("phone identity")),
            ["phone_signing_private"] = Hex(Fixed("phone signing")),
            ["phone_mls_private"] = Hex(Fixed("phone MLS")),
            ["phone_user_id"] = "anna",
            ["phone_device_id"] = "phone",
            ["laptop_account_private"] = Hex(Fixed("account")),
            ["laptop_identity_private"] = Hex(Fixed("laptop identity")),
            ["laptop_signing_private"] = Hex(Fixed("laptop signing")),
            ["laptop_mls_private"] = Hex(Fixed("laptop MLS")),
            ["laptop_user_id"] = "anna",
            ["laptop_device_id"] = "laptop",
            ["not_before"] = s_time.ToUnixTimeSeconds(),
            ["not_after"] = s_time.AddYears(1).ToUnixTimeSeconds(),
            ["list_time"] = s_time.AddHours(1).ToUnixTimeSeconds(),
        };
        AddTo(vector, Compute(vector));
        return [vector];
    }

    public IEnumerable<string> Differences(JsonObject vector) => Compare(vector, Compute(vector));

    private static JsonObject Compute(JsonObject vector)
    {
        using Ed25519KeyPair account = Ed25519KeyPair.Import(Bytes(vector, "phone_account_private"));
        using DeviceIdentity phone = FixedDevice.Read(vector, "phone");
        using DeviceIdentity laptop = FixedDevice.Read(vector, "laptop");
        var clock = new FixedClock(DateTimeOffset.FromUnixTimeSeconds(Number(vector, "list_time")));
        DeviceList first = DeviceList.Sign(account, [phone.Certificate], previous: null, clock);
        DeviceList second = DeviceList.Sign(account, [phone.Certificate, laptop.Certificate], first, clock);
        return new JsonObject
        {
            ["phone_certificate"] = Hex(phone.Certificate.Encoded),
            ["laptop_certificate"] = Hex(laptop.Certificate.Encoded),
            ["phone_stored_identity"] = Hex(phone.Serialize()),
            ["first_list"] = Hex(first.Encode()),
            ["first_list_hash"] = Hex(first.Hash),
            ["second_list"] = Hex(second.Encode()),
            ["second_list_hash"] = Hex(second.Hash),
        };
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
