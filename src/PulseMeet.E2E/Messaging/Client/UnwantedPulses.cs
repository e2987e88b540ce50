using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Chats into which somebody has added this device whom the app has blocked: it is in none of them, and for as long as he is blocked
/// nothing is told of what their members say.</summary>
/// <remarks>For whoever has the pulse's turn.</remarks>
internal static class UnwantedPulses
{
    public static async Task NoteAsync(ClientCore core, Work work, PulseId id, string inviter)
    {
        IReadOnlyList<OpenedRecord> all = await core.Store
            .ScanAsync(RecordKey.UnwantedPulses, default, default, UnwantedPulseRecord.Max).ConfigureAwait(false);
        if (all.Count >= UnwantedPulseRecord.Max)
        {
            work.Delete(RecordKey.UnwantedPulses, all.MinBy(item => UnwantedPulseRecord.Decode(item.Value).At)!.Key.ToArray());
        }

        work.Put(RecordKey.UnwantedPulses, id.ToArray(), new UnwantedPulseRecord(work.Now, inviter).Encode());
    }

    public static async Task<bool> IsAsync(Work work, PulseId id) =>
        await work.ReadAsync(RecordKey.UnwantedPulses, id.ToArray()).ConfigureAwait(false) is { } stored
        && (await work.UserAsync(UnwantedPulseRecord.Decode(stored).Inviter).ConfigureAwait(false))?.Standing == Standing.Blocked;
}
