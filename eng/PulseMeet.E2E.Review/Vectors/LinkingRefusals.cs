using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>What has to be refused of recovery copies, linking requests and answers, and requests and answers for the account key.</summary>
/// <remarks>What is sealed is sealed anew each time the vectors are written, and is checked by being refused.</remarks>
internal sealed class LinkingRefusals : IVectorTopic
{
    public string FileName => "refusals-linking.json";

    public string ArrayName => "refusals";

    public string Description =>
        "What has to be refused, and why. «decoder» reads «input» at the time «now» (Unix seconds): a «recovery copy» under «recovery_key» for "
        + "«user_id»; a «linking payload» (text) at the approving device of «user_id»; a «linking answer» at the device of «stored_request»; an «account "
        + "key request» by a holder whose list is «device_list»; an «account key answer» to «request» under «answer_private»; a «stored linking request»; "
        + "a «linking log». The approver and the holder have answered the id «answered» where there is one. «good» is an input that is taken with all else the same.";

    public bool IsFresh => true;

    public JsonArray Write() => [.. LinkingRefusalCases.All()];

    public IEnumerable<string> Differences(JsonObject vector)
    {
        if (RefusalOf(vector, "input") != Text(vector, "reason"))
        {
            yield return "reason";
        }

        if (vector["good"] is not null && RefusalOf(vector, "good") != "")
        {
            yield return "good";
        }
    }

    /// <summary>The reason with which the input is refused; empty where it is taken.</summary>
    private static string RefusalOf(JsonObject vector, string name)
    {
        try
        {
            Read(vector, Text(vector, name));
            return "";
        }
        catch (E2EException exception)
        {
            return exception.Reason.ToString();
        }
    }

    private static void Read(JsonObject vector, string input)
    {
        switch (Text(vector, "decoder"))
        {
            case "recovery copy":
                RecoveryCopy.Open(Bytes(vector, "recovery_key"), Convert.FromHexString(input), Text(vector, "user_id")).Dispose();
                break;
            case "linking payload":
                LinkApproval.Read(input, Text(vector, "user_id"), Log(vector), Now(vector));
                break;
            case "linking answer":
                using (LinkRequest request = LinkRequest.Deserialize(Bytes(vector, "stored_request")))
                {
                    request.Complete(Convert.FromHexString(input), Now(vector)).Identity.Dispose();
                }

                break;
            case "account key request":
                LinkKeyHandover.Read(Convert.FromHexString(input), DeviceList.Decode(Bytes(vector, "device_list")), Log(vector), Now(vector));
                break;
            case "account key answer":
                using (X25519KeyPair answerKey = X25519KeyPair.Import(Bytes(vector, "answer_private")))
                {
                    LinkKeyPayload.OpenAnswer(Bytes(vector, "request"), answerKey, Convert.FromHexString(input)).Dispose();
                }

                break;
            case "stored linking request":
                LinkRequest.Deserialize(Convert.FromHexString(input)).Dispose();
                break;
            case "linking log":
                LinkLog.Decode(Convert.FromHexString(input));
                break;
            default:
                throw new FormatException("An unknown decoder.");
        }
    }

    private static DateTimeOffset Now(JsonObject vector) => DateTimeOffset.FromUnixTimeSeconds(Number(vector, "now"));

    private static LinkLog Log(JsonObject vector)
    {
        var log = new LinkLog();
        if (vector["answered"] is not null)
        {
            log.Add(Bytes(vector, "answered"), Now(vector));
        }

        return log;
    }
}
