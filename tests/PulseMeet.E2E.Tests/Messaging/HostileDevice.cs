using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What the client of somebody with a session may say that no honest one says.</summary>
internal static class HostileDevice
{
    /// <summary>Asks for anything to be sent again.</summary>
    public static Task AskAsync(Member asker, Member asked, ResendNames names, string conversationWith) => SealAsync(
        asker,
        asked,
        new Draft(
            new StreamName(asker.Address, default, ConversationName.Direct(asked.UserId, conversationWith)),
            0,
            DateTimeOffset.UnixEpoch,
            ContentType.ResendRequest,
            names.Encode()));

    /// <summary>Seals a content for a device, and leaves it in the outbox.</summary>
    public static async Task SealAsync(Member from, Member to, Draft draft)
    {
        Engine engine = await from.Client.OpenAsync(default);
        await engine.Core.ChangeAsync(
            engine.Conversations.Turns(to.UserId),
            async work =>
            {
                UserRecord own = await engine.Conversations.OwnAsync(work);
                UserRecord peer = (await work.UserAsync(to.UserId))!;
                Assert.NotNull(await work.TrySealAsync(own, peer, peer.List.Find(to.Address.DeviceId)!, draft));
            },
            default);
    }
}
