using System.Text.Json.Nodes;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A chat of three in the default suite as one of them follows it: its Welcome, a message, a change of another member's, one of its
/// epoch, and the removal of the third, after which another message comes.</summary>
internal static class DefaultSuiteChat
{
    public static JsonObject Write()
    {
        using var three = new ChatOfThree(MlsSuite.XWingAes256, GroupRights.Default with { Rename = GroupRole.Member });
        PulseGroup chat = three.Chat;
        PulseGroup bobsChat = three.BobsChat;
        byte[] message = chat.Seal("To both"u8);
        byte[] rename = bobsChat.Prepare(new RenameIntent("Roof"))!.Commit;
        bobsChat.TakeCandidates([rename]);
        chat.TakeCandidates([rename]);
        byte[] renamedMessage = bobsChat.Seal("Under another name"u8);
        byte[] removal = chat.Prepare(new RemoveIntent("bob"))!.Commit;
        chat.TakeCandidates([removal]);
        var vector = new JsonObject { ["kind"] = "chat" };
        three.WriteCarols(vector);
        vector["message"] = Hex(message);
        vector["rename"] = Hex(rename);
        vector["renamed_message"] = Hex(renamedMessage);
        vector["removal"] = Hex(removal);
        vector["removed_message"] = Hex(chat.Seal("To one"u8));
        return vector;
    }

    public static JsonObject Compute(JsonObject vector)
    {
        using CarolsChat carols = CarolsChat.Join(vector);
        PulseGroup chat = carols.Chat;
        var computed = new JsonObject
        {
            ["inviter"] = $"{carols.Inviter.UserId} {carols.Inviter.DeviceId}",
            ["authenticator_joined"] = Hex(chat.EpochAuthenticator()),
            ["opened"] = Opened("message"),
        };
        chat.TakeCandidates([Bytes(vector, "rename")]);
        computed["renamed"] = chat.Data.Name;
        computed["authenticator_renamed"] = Hex(chat.EpochAuthenticator());
        computed["renamed_opened"] = Opened("renamed_message");
        chat.TakeCandidates([Bytes(vector, "removal")]);
        computed["members"] = string.Join(' ', chat.Roster.Accounts.Select(account => account.UserId));
        computed["authenticator_removed"] = Hex(chat.EpochAuthenticator());
        computed["removed_opened"] = Opened("removed_message");
        return computed;

        string Opened(string name) => System.Text.Encoding.UTF8.GetString(((GroupMessageReceived)chat.Receive(Bytes(vector, name))).Content);
    }
}
