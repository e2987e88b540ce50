using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>The numbers that are given, and those that have come.</content>
internal sealed partial class Work
{
    public async ValueTask<IncomingStream> IncomingAsync(StreamName name)
    {
        if (_incoming.TryGetValue(name, out (IncomingStream Stream, byte[]? Stored) known))
        {
            return known.Stream;
        }

        byte[]? bytes = await ReadAsync(RecordKey.IncomingStreams, RecordKey.Of(name)).ConfigureAwait(false);
        IncomingStream stream = bytes is null ? new IncomingStream() : IncomingStream.Decode(bytes);
        if (stream.Baseline == 0
            && await ReadAsync(RecordKey.Correspondents, RecordKey.OfAllStreams(name)).ConfigureAwait(false) is { } first
            && StreamId.BegunAt(name.StreamId) >= RecordKey.ToNumber(first))
        {
            stream = IncomingStream.FromTheFirst();
        }

        _incoming[name] = (stream, bytes);
        return stream;
    }

    /// <summary>Notes the highest number that a word without one repeats of its stream.</summary>
    /// <param name="name">The stream.</param>
    /// <param name="highest">The number.</param>
    /// <param name="mayLearn">Whether the word alone lets a stream be kept of which nothing has come.</param>
    public async ValueTask NoteAsync(StreamName name, ulong highest, bool mayLearn)
    {
        IncomingStream stream = await IncomingAsync(name).ConfigureAwait(false);
        if (stream.Baseline > 0 && highest > 0 && (!stream.SaysNothing || (mayLearn && _core.Learned.TryLearn(name.Sender.UserId, Now))))
        {
            stream.Note(highest, Now);
        }
    }

    /// <summary>Notes behind which number all in a stream is for this device, and its highest.</summary>
    public async ValueTask ReachAsync(StreamName name, ulong since, ulong highest)
    {
        IncomingStream stream = await IncomingAsync(name).ConfigureAwait(false);
        if (!stream.SaysNothing || _core.Learned.TryLearn(name.Sender.UserId, Now))
        {
            stream.Reach(since, Now);
            stream.Note(highest, Now);
        }
    }

    /// <summary>Tells the app what is missing of a stream, where anything is.</summary>
    public void TellMissing(StreamName name, ulong count, bool isLost)
    {
        if (count > 0)
        {
            AddEvent(name.Conversation.IsDirect
                ? new MessagesMissing(name.Sender, name.Conversation.OtherThan(_core.Address.UserId) ?? name.Sender.UserId, count, isLost)
                : new PulseMessagesMissing(new PulseId(name.Conversation.Encoded[^PulseId.Size..]), name.Sender, count, isLost));
        }
    }

    /// <summary>Notes when the first message of a device in a conversation was written: whatever stream it begins later, all of it is for this
    /// device.</summary>
    public async ValueTask NoteFirstAsync(StreamName name, DateTimeOffset writtenAt)
    {
        byte[] key = RecordKey.OfAllStreams(name);
        if (await ReadAsync(RecordKey.Correspondents, key).ConfigureAwait(false) is null)
        {
            Put(RecordKey.Correspondents, key, RecordKey.Of(writtenAt.ToUnixTimeMilliseconds()));
        }
    }

    /// <summary>The highest number that this device's stream has given in a conversation.</summary>
    public async ValueTask<ulong> HighestAsync(ConversationName conversation)
    {
        byte[]? bytes = await ReadAsync(RecordKey.OutgoingStreams, conversation.Encoded.ToArray()).ConfigureAwait(false);
        return bytes is not null && new MessageId(bytes.AsSpan(0, MessageId.Size)) == OwnStreamId
            ? (ulong)RecordKey.ToNumber(bytes.AsSpan(MessageId.Size))
            : 0;
    }

    /// <summary>The highest number that another stream has given.</summary>
    public async ValueTask<ulong> HighestAsync(ConversationName conversation, MessageId streamId)
    {
        byte[]? bytes = await ReadAsync(RecordKey.OtherStreams, RecordKey.Of(conversation, streamId)).ConfigureAwait(false);
        return bytes is null ? 0 : (ulong)RecordKey.ToNumber(bytes);
    }

    /// <summary>The highest number of a direct conversation, for those who are written to: none while something waits to be sealed, which has its
    /// number and is not missing. What is sealed then says by its own number how far it goes.</summary>
    public async ValueTask<ulong> HighestToldAsync(StreamName stream)
    {
        byte[] waiting = RecordKey.UserPrefix(stream.Conversation.OtherThan(_core.Address.UserId) ?? _core.Address.UserId);
        return stream.Conversation.IsDirect && await _core.Store.IsAnyAsync(RecordKey.Pending, waiting, _cancellation).ConfigureAwait(false)
            ? 0
            : stream.StreamId == OwnStreamId
                ? await HighestAsync(stream.Conversation).ConfigureAwait(false)
                : await HighestAsync(stream.Conversation, stream.StreamId).ConfigureAwait(false);
    }

    /// <summary>Numbers a message of one's own: in the device's own stream, or in the provisional one while the store may be an old copy.</summary>
    public async ValueTask<(MessageId StreamId, ulong Number)> NumberAsync(ConversationName conversation)
    {
        if (_core.IsOwnStreamUsed)
        {
            return (OwnStreamId, await NextNumberAsync(conversation).ConfigureAwait(false));
        }

        ulong next = await HighestAsync(conversation, _core.ProvisionalStreamId).ConfigureAwait(false) + 1;
        PutOtherStream(conversation, _core.ProvisionalStreamId, next);
        return (_core.ProvisionalStreamId, next);
    }

    public void PutOtherStream(ConversationName conversation, MessageId streamId, ulong highest)
    {
        Put(RecordKey.OtherStreams, RecordKey.Of(conversation, streamId), RecordKey.Of((long)highest));
        _core.HasOtherStreams = true;
    }

    public async ValueTask<ulong> NextNumberAsync(ConversationName conversation)
    {
        ulong next = await HighestAsync(conversation).ConfigureAwait(false) + 1;
        Put(
            RecordKey.OutgoingStreams,
            conversation.Encoded.ToArray(),
            new RecordWriter().Id(OwnStreamId).UInt64(next).ToArray());
        return next;
    }
}
