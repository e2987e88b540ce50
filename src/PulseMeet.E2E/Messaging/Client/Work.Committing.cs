using System.Security.Cryptography;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>How all of it is written in one batch, or nothing.</content>
internal sealed partial class Work
{
    /// <summary>Writes everything. Nothing that is to leave the device, and no plaintext, may be shown before.</summary>
    public async Task CommitAsync()
    {
        var secrets = new List<byte[]>();
        try
        {
            var batch = new StoreBatch();
            Gather(secrets);
            await GivingWay.OnceAsync().ConfigureAwait(false);
            foreach ((byte[] name, byte[]? value) in _writes)
            {
                _ = value is null ? batch.Delete(name[0], name.AsSpan(1)) : batch.Put(name[0], name.AsSpan(1), value);
            }

            if (_writes.Count > 0)
            {
                IReadOnlyList<byte[]> leftovers = [.. _core.Leftovers.Names.Where(name => !_writes.ContainsKey(name))];
                foreach (byte[] name in leftovers)
                {
                    batch.Delete(name[0], name.AsSpan(1));
                }

                await StoreAsync(batch).ConfigureAwait(false);
                _core.Leftovers.Written(leftovers.Concat(_writes.Keys));
                Shelve(batch.Salt!);
            }

            _isCommitted = true;
        }
        finally
        {
            secrets.ForEach(secret => CryptographicOperations.ZeroMemory(secret));
        }

        _core.Committed(this);
        Emit();
    }

    /// <summary>What goes into the outbox counts from before it is there: it may be delivered, and be gone, before this returns.</summary>
    private async Task StoreAsync(StoreBatch batch)
    {
        foreach ((long number, DeviceAddress device) in _outgoing)
        {
            _core.Waiting.Add(number, device);
        }

        try
        {
            await _core.Store.CommitAsync(batch, _cancellation).ConfigureAwait(false);
        }
        catch
        {
            _outgoing.ForEach(item => _core.Waiting.Remove(item.Number));
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RatchetSession session in _sessions.Values)
        {
            session.Dispose();
        }

        _sessions.Clear();
        _secrets.ForEach(secret => CryptographicOperations.ZeroMemory(secret));
        ReturnPulses();
        if (HasUsedPreKeys && !_isCommitted)
        {
            // What was used up in memory was not: the stored state counts.
            await _core.ReloadPreKeysAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What happened is measured once it is durable.</summary>
    private void Emit()
    {
        foreach (E2EEvent happened in _events)
        {
            switch (happened)
            {
                case MessagesMissing missing:
                    Telemetry.MessagesMissing(missing.Count, missing.IsLost);
                    break;
                case SessionRepaired:
                    Telemetry.SessionsRepaired(1, isByPeer: true);
                    break;
                case StoreRolledBack:
                    Telemetry.StoreRolledBack();
                    break;
            }
        }

        Telemetry.MessagesRecovered(Recovered);
        Telemetry.SessionsRepaired(Repaired, isByPeer: false);
    }

    /// <summary>Names what is missing beyond what is kept: whoever makes gaps makes no store grow, and none that cannot be read.</summary>
    private void TellBeyond(StreamName name, IncomingStream stream)
    {
        TellMissing(name, RangeSet.Count(stream.Bound(Now, out IReadOnlyList<NumberRange> dropped)), isLost: false);
        TellMissing(name, RangeSet.Count(dropped), isLost: true);
    }

    private void Gather(List<byte[]> secrets)
    {
        foreach ((DeviceAddress device, (PeerRecord record, byte[]? stored)) in _peers)
        {
            byte[] encoded = record.Encode();
            if (stored is null ? !record.SaysNothing : !PublicBytes.Equal(encoded, stored))
            {
                Put(RecordKey.Peers, RecordKey.Of(device), encoded);
            }
        }

        foreach ((DeviceAddress device, SessionId id) in _changedSessions)
        {
            byte[] state = _sessions[(device, id)].Serialize();
            secrets.Add(state);
            Put(RecordKey.Sessions, RecordKey.Of(device, id), state);
        }

        foreach ((StreamName name, (IncomingStream stream, byte[]? stored)) in _incoming)
        {
            TellBeyond(name, stream);
            byte[] encoded = stream.Encode();
            if (stored is null ? stream.SaysNothing : PublicBytes.Equal(encoded, stored))
            {
                continue;
            }

            byte[] key = RecordKey.Of(name);
            Put(RecordKey.IncomingStreams, key, encoded);
            if (!name.Conversation.IsDirect)
            {
                GatherPulseStream(name, stream, key);
            }
            else if (stream.NoticedAt is null && stream.AskedAt is null)
            {
                Delete(RecordKey.Gaps, key);
            }
            else
            {
                Put(RecordKey.Gaps, key, name.Encode());
            }
        }

        GatherPulses(secrets);
        if (HasUsedPreKeys)
        {
            byte[] state = _core.PreKeys.Serialize();
            secrets.Add(state);
            Put(RecordKey.Device, ClientCore.PreKeysKey, state);
        }
    }
}
