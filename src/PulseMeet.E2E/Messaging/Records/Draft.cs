namespace PulseMeet.E2E.Messaging;

/// <summary>What a content says, before it is known for whom it is sealed.</summary>
/// <param name="Stream">This device, its stream and the conversation.</param>
/// <param name="Number">Its number; 0 where it has none.</param>
/// <param name="Time">When it was written.</param>
/// <param name="Type">One of <see cref="ContentType"/>.</param>
/// <param name="Body">As the type says.</param>
internal sealed record Draft(StreamName Stream, ulong Number, DateTimeOffset Time, ushort Type, ReadOnlyMemory<byte> Body);
