using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>What a device's own store knows.</summary>
internal static class Listed
{
    /// <summary>The devices that are on the lists that a sender has of both sides of a conversation.</summary>
    public static async Task<IReadOnlyList<Member>> ByAsync(Member sender, string to, IReadOnlyList<Member> devices)
    {
        Engine engine = await sender.Client.OpenAsync(default);
        var listed = new List<Member>();
        foreach (string userId in new[] { sender.UserId, to })
        {
            OpenedRecord? record = await engine.Core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId));
            if (record is not null)
            {
                UserRecord user = engine.Core.Users.Decode(userId, record.Value);
                listed.AddRange(devices.Where(device => device != sender && device.UserId == userId
                    && user.List.Find(device.Address.DeviceId) is not null));
            }
        }

        return listed;
    }

    /// <summary>How many numbers of a sender's streams lie before the first one that came: by the rule of the baseline they are not
    /// missing. Without bound where nothing of the sender's present stream came.</summary>
    public static async Task<ulong> BeforeBaselineAsync(Member member, Member sender, string to)
    {
        Engine own = await member.Client.OpenAsync(default);
        Engine other = await sender.Client.OpenAsync(default);
        var name = new StreamName(sender.Address, other.Core.StreamId, ConversationName.Direct(sender.UserId, to));
        OpenedRecord? record = await own.Core.Store.ReadAsync(RecordKey.IncomingStreams, RecordKey.Of(name));
        IncomingStream stream = record is null ? new IncomingStream() : IncomingStream.Decode(record.Value);
        return stream.Baseline == 0 ? ulong.MaxValue / 2 : stream.Baseline - 1;
    }
}
