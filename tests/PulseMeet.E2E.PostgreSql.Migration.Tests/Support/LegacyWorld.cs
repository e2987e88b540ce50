using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

/// <summary>A generated legacy database: users, pulses, keys in the clear, and messages in every shape of the field. Written
/// with the platform's own AES and the legacy derivations, so that the migration meets what the legacy client left.</summary>
public sealed class LegacyWorld
{
    private readonly Random _random;
    private readonly LegacyKeyDerivation _legacy = new();
    private readonly Dictionary<string, LegacyKey> _derived = [];

    public LegacyWorld(int users, int pulses, int messages, int seed = 1)
    {
        _random = new Random(seed);
        for (int i = 0; i < users; i++)
        {
            Users.Add(new LegacyUser(NewId(), X25519KeyPair.Import(Bytes(32))));
        }

        // Every 50th user from the 10th on has trouble with their public key, as the field has.
        for (int i = 10; i < users; i += 50)
        {
            Users[i].Trouble = (KeyTrouble)(1 + (i / 50 % 5));
        }

        for (int i = 0; i < pulses; i++)
        {
            List<LegacyUser> members = [.. Users.OrderBy(_ => _random.Next()).Take(2 + _random.Next(7))];
            Pulses.Add(new LegacyPulse(NewId(), members, Bytes(32)) { HasKey = i % 40 != 7, MalformedKey = i % 40 == 9 });
        }

        for (int i = 0; i < users; i++)
        {
            Pairs.Add(new LegacyPair(Users[i], Users[(i + 1) % users]));
        }

        for (int i = 0; i < messages; i++)
        {
            Messages.Add(i % 2 == 0 || pulses == 0 ? Direct(i) : Chat(i));
        }
    }

    public List<LegacyUser> Users { get; } = [];

    public List<LegacyPulse> Pulses { get; } = [];

    public List<LegacyPair> Pairs { get; } = [];

    public List<WorldMessage> Messages { get; } = [];

    public Guid NewId() => new(Bytes(16));

    public void WriteTo(NpgsqlDataSource source)
    {
        using NpgsqlConnection connection = source.OpenConnection();
        Copy(connection, "auth.users (id)", Users.Select(user => new object?[] { user.Id }));
        Copy(connection, "user_public_keys (user_id, key_id, public_key, is_active, expires_at)", Users.SelectMany(PublicKeys));
        Copy(connection, "pulses (id, creator_id, title)", Pulses.Select(pulse => new object?[] { pulse.Id, pulse.Members[0].Id, "Run" }));
        Copy(connection, "pulse_participants (pulse_id, user_id, status)", Pulses.SelectMany(pulse =>
            pulse.Members.Skip(1).Select((member, i) => new object?[] { pulse.Id, member.Id, i % 2 == 0 ? "active" : "joined" })));
        Copy(connection, "pulse_chat_keys (pulse_id, key_id, symmetric_key, created_by)", Pulses.Where(pulse => pulse.HasKey)
            .Select(pulse => new object?[]
            {
                pulse.Id, NewId().ToString("D"),
                pulse.MalformedKey ? "not base64!" : Convert.ToBase64String(pulse.Key), pulse.Members[0].Id,
            }));
        Copy(connection, "direct_message_keys (conversation_id, key_id, symmetric_key, created_by)", Pairs.Select(pair =>
            new object?[] { pair.Conversation, NewId().ToString("D"), Convert.ToBase64String(Export(V0(pair))), pair.First.Id }));
        Copy(connection,
            "direct_messages (id, sender_id, receiver_id, content, encryption_metadata, is_encrypted)",
            Messages.Where(message => message.Receiver is not null).Select(message => new object?[]
            {
                message.Id, message.Sender.Id, message.Receiver!.Id, message.Content, Json(message.Metadata), message.IsEncrypted,
            }));
        Copy(connection,
            "chat_messages (id, sender_id, pulse_id, content, encryption_metadata, is_encrypted)",
            Messages.Where(message => message.Pulse is not null).Select(message => new object?[]
            {
                message.Id, message.Sender.Id, message.Pulse!.Id, message.Content, Json(message.Metadata), message.IsEncrypted,
            }));
        using NpgsqlCommand analyze = new("analyze", connection);
        analyze.ExecuteNonQuery();
    }

    private static JsonText? Json(string? text) => text is null ? null : new JsonText(text);

    private static void Copy(NpgsqlConnection connection, string target, IEnumerable<object?[]> rows)
    {
        using NpgsqlBinaryImporter import = connection.BeginBinaryImport($"copy {target} from stdin (format binary)");
        foreach (object?[] row in rows)
        {
            import.StartRow();
            foreach (object? value in row)
            {
                switch (value)
                {
                    case null: import.WriteNull(); break;
                    case JsonText json: import.Write(json.Text, NpgsqlDbType.Jsonb); break;
                    case DateTime time: import.Write(time, NpgsqlDbType.TimestampTz); break;
                    default: import.Write(value); break;
                }
            }
        }

        import.Complete();
    }

    private IEnumerable<object?[]> PublicKeys(LegacyUser user)
    {
        string good = user.Keys.PublicKey.ToBase64();
        DateTime past = new(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        switch (user.Trouble)
        {
            case KeyTrouble.Missing: break;
            case KeyTrouble.Inactive: yield return [user.Id, "k1", good, false, null]; break;
            case KeyTrouble.Expired: yield return [user.Id, "k1", good, true, past]; break;
            case KeyTrouble.Malformed: yield return [user.Id, "k1", "%%%not base64%%%", true, null]; break;
            case KeyTrouble.TooShort: yield return [user.Id, "k1", Convert.ToBase64String(new byte[31]), true, null]; break;
            default:
                yield return [user.Id, "k1", good, true, null];
                if (_random.Next(10) == 0)
                {
                    yield return [user.Id, "k0", "AAAA", true, null];
                    yield return [user.Id, "k2", good, true, past];
                }

                break;
        }
    }

    private WorldMessage Direct(int i)
    {
        LegacyPair pair = Pairs[_random.Next(Pairs.Count)];
        bool swap = _random.Next(2) == 0;
        var message = new WorldMessage(NewId(), swap ? pair.Second : pair.First, swap ? pair.First : pair.Second, null, Text(i));
        Protect(message, i, _random.Next(2) == 0 ? Export(V0(pair)) : Export(V1(pair)));
        return message;
    }

    private WorldMessage Chat(int i)
    {
        LegacyPulse pulse = Pulses[_random.Next(Pulses.Count)];
        LegacyUser sender = pulse.Members[_random.Next(pulse.Members.Count)];
        var message = new WorldMessage(NewId(), sender, null, pulse, Text(i));
        bool own = _random.Next(3) == 0;
        message.OnlyAuthorReads = own;
        Protect(message, i, own ? Export(Derived($"p{sender.Id}{pulse.Id}", () => _legacy.DeriveV1PulseKey(sender.Keys, pulse.Id.ToString("D")))) : pulse.Key);
        return message;
    }

    private void Protect(WorldMessage message, int i, byte[] key)
    {
        switch (i % 100)
        {
            case < 3: // sent in the clear
                message.Content = message.Text;
                message.OnlyAuthorReads = false;
                return;
            case < 6: // under the wiped key
                key = new byte[32];
                message.Protection = LegacyProtection.ZeroKey;
                message.OnlyAuthorReads = false;
                break;
            case < 8: // under a key that nobody has
                key = Bytes(32);
                message.Unreadable = true;
                break;
        }

        message.IsEncrypted = true;
        byte[] plaintext = System.Text.Encoding.UTF8.GetBytes(message.Text);
        byte[] nonce = Bytes(12);
        byte[] tag = new byte[16];
        byte[] ciphertext = new byte[plaintext.Length];
        using (var aes = new AesGcm(key, 16))
        {
            aes.Encrypt(nonce, plaintext, ciphertext, tag);
        }

        string metadata = $$"""{"key_id":"{{(i % 7 == 0 ? "" : NewId().ToString("D"))}}","algorithm":"aes-256-gcm","iv":"{{Convert.ToBase64String(nonce)}}","auth_tag":"{{Convert.ToBase64String(tag)}}","version":1}""";
        string json = i % 2 == 0
            ? $$"""{"metadata":{{metadata}},"ciphertext":"{{Convert.ToBase64String(ciphertext)}}"}"""
            : $$"""{"ciphertext":"{{Convert.ToBase64String(ciphertext)}}","metadata":{{metadata}}}""";
        switch (_random.Next(3))
        {
            case 0:
                message.Content = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(json));
                message.Metadata = """{"algorithm":"aes-256-gcm","version":1}""";
                break;
            case 1:
                message.Content = json;
                break;
            default:
                message.Content = Convert.ToBase64String(ciphertext);
                message.Metadata = metadata;
                break;
        }
    }

    private string Text(int i) => (i % 5) switch
    {
        0 => $"just text, number {i} ✓",
        1 => JsonSerializer.Serialize(new { content = $"older {i}", type = "text" }),
        _ => JsonSerializer.Serialize(new { text = $"message {i} " + new string('x', i % 60), type = "text", formatted = false }),
    };

    private LegacyKey V0(LegacyPair pair) =>
        Derived("0" + pair.Conversation, () => _legacy.DeriveV0ConversationKey(pair.First.Keys, pair.Second.Keys.PublicKey, pair.Conversation));

    private LegacyKey V1(LegacyPair pair) =>
        Derived("1" + pair.Conversation, () => _legacy.DeriveV1ConversationKey(pair.First.Keys, pair.Second.Keys.PublicKey, pair.Conversation));

    private LegacyKey Derived(string name, Func<LegacyKey> derive) =>
        _derived.TryGetValue(name, out LegacyKey? key) ? key : _derived[name] = derive();

    private static byte[] Export(LegacyKey key)
    {
        byte[] bytes = new byte[32];
        key.Export(bytes);
        return bytes;
    }

    private byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    private sealed record JsonText(string Text);
}

public enum KeyTrouble { None, Missing, Inactive, Expired, Malformed, TooShort }

public sealed record LegacyUser(Guid Id, X25519KeyPair Keys)
{
    public KeyTrouble Trouble { get; set; }
}

public sealed record LegacyPulse(Guid Id, List<LegacyUser> Members, byte[] Key)
{
    public bool HasKey { get; init; }

    public bool MalformedKey { get; init; }
}

public sealed record LegacyPair(LegacyUser First, LegacyUser Second)
{
    public string Conversation { get; } = LegacyNames.DirectConversationId(First.Id, Second.Id);
}

public sealed record WorldMessage(Guid Id, LegacyUser Sender, LegacyUser? Receiver, LegacyPulse? Pulse, string Text)
{
    public string Content { get; set; } = "";

    public string? Metadata { get; set; }

    public bool IsEncrypted { get; set; }

    public bool Unreadable { get; set; }

    public bool OnlyAuthorReads { get; set; }

    public LegacyProtection Protection { get; set; } = LegacyProtection.Encrypted;
}
