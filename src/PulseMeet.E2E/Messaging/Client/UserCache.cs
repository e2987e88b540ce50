using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>Users that were read lately: checking the keys of a device list takes longer than sealing a message.</summary>
/// <remarks>Only what has the bytes that are in the store is taken from it. Thread-safe; bounded.</remarks>
internal sealed class UserCache
{
    private const int MaxUsers = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (byte[] Bytes, UserRecord Record)> _users = new(StringComparer.Ordinal);

    public UserRecord Decode(string userId, byte[] bytes)
    {
        lock (_lock)
        {
            if (_users.TryGetValue(userId, out (byte[] Bytes, UserRecord Record) known) && PublicBytes.Equal(known.Bytes, bytes))
            {
                return known.Record;
            }
        }

        UserRecord record = UserRecord.Decode(bytes);
        lock (_lock)
        {
            if (_users.Count >= MaxUsers)
            {
                _users.Clear();
            }

            _users[userId] = (bytes, record);
        }

        return record;
    }
}
