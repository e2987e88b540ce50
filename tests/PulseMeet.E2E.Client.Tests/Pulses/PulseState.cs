using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Tests.Messaging;

namespace PulseMeet.E2E.Client.Tests.Pulses;

/// <summary>What a device keeps of a walk's chat, in words: a walk that fails says it.</summary>
internal static class PulseState
{
    public static async Task<string> OfAsync(PulseWalk walk, Member device)
    {
        if (await walk.RecordOfAsync(device) is not { } record)
        {
            return "nothing";
        }

        ClientCore core = (await device.Client.OpenAsync(default)).Core;
        var streams = new List<string>();
        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.PulseStreams, default, walk.Id.ToArray(), 100))
        {
            StreamName name = PulseWords.ReadName(item.Value);
            if (await core.Store.ReadAsync(RecordKey.IncomingStreams, RecordKey.Of(name)) is { } stored)
            {
                IncomingStream stream = IncomingStream.Decode(stored.Value);
                streams.Add($"{Name(name.Sender)} {Short(name.StreamId)} from {stream.Baseline} to {stream.Highest} without {string.Join(' ', stream.Missing.Concat(stream.Named))}");
            }
        }

        string[] said =
        [
            .. walk.Texts.Where(text => text.From == device).Select(text =>
                $"{text.Text} as {string.Join('+', walk.Witness.PlacesOf(text.Text).Select(place => $"{Short(place.Stream)} {place.Number}"))} in {string.Join('+', walk.Witness.SealedIn(text.Text).Select(line => line.Epoch))}"),
        ];
        return $"open {record.IsOpen}, unsure {record.IsUnsure}, provisional {record.IsProvisional}, by Welcome {record.IsByWelcome}, since epoch {record.FirstEpoch}, sure in {record.SureEpoch}, "
            + $"put back {(walk.PutBackAt.TryGetValue(device, out int at) ? at : "never")}, rolled back {device.Seen.OfType<StoreRolledBack>().Count()}, to ask {string.Join(' ', record.ToAsk.Select(Name))}, own stream {Short(core.StreamId)}, "
            + $"baselines {string.Join(' ', record.Baselines.Select(came => $"{Name(came.Key)} {Short(came.Value.StreamId)} {came.Value.Number}"))}; hears {string.Join("; ", streams)}; said {string.Join("; ", said)}";
    }

    private static string Name(DeviceAddress device) => $"{device.UserId}/{device.DeviceId}";

    private static string Short(MessageId id) => Convert.ToHexStringLower(id.ToArray())[..8];
}
