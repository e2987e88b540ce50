using System.Reflection;
using System.Security.Cryptography;
using Npgsql;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;

namespace PulseMeet.E2E.PostgreSqlBenchmarks;

/// <summary>A legacy database of one direct conversation and many pulse keys, streamed in so that its size is no matter.</summary>
internal static class LegacyDatabase
{
    public static string Create(string server)
    {
        string name = $"pulsemeet_benchmark_{Environment.ProcessId}";
        Execute(server, $"create database {name}");
        string connectionString = new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("legacy-schema.sql")!);
        Execute(connectionString, reader.ReadToEnd());
        return connectionString;
    }

    public static void Drop(string server, string connectionString) =>
        Execute(server, $"drop database {new NpgsqlConnectionStringBuilder(connectionString).Database} with (force)");

    public static Guid Fill(NpgsqlDataSource source, X25519KeyPair alice, X25519KeyPair bob, int messages, int pulses)
    {
        Guid first = Guid.NewGuid();
        Guid second = Guid.NewGuid();
        using NpgsqlConnection connection = source.OpenConnection();
        foreach ((Guid id, X25519KeyPair keys) in new[] { (first, alice), (second, bob) })
        {
            Insert(connection, id, keys);
        }

        using (NpgsqlCommand keys = new(
            """
            with p as (insert into pulses (creator_id, title) select $1, 'Run' from generate_series(1, $3) returning id),
            m as (insert into pulse_participants (pulse_id, user_id) select id, $2 from p)
            insert into pulse_chat_keys (pulse_id, key_id, symmetric_key, created_by)
            select id, gen_random_uuid()::text, encode(sha256(id::text::bytea), 'base64'), $1 from p
            """, connection))
        {
            keys.Parameters.Add(new() { Value = first });
            keys.Parameters.Add(new() { Value = second });
            keys.Parameters.Add(new() { Value = pulses });
            keys.ExecuteNonQuery();
        }

        string conversation = LegacyNames.DirectConversationId(first, second);
        using LegacyKey key = new LegacyKeyDerivation().DeriveV1ConversationKey(alice, bob.PublicKey, conversation);
        byte[] secret = new byte[32];
        key.Export(secret);
        using var aes = new AesGcm(secret, 16);
        using (NpgsqlBinaryImporter import = connection.BeginBinaryImport(
            "copy direct_messages (sender_id, receiver_id, content, is_encrypted) from stdin (format binary)"))
        {
            for (int i = 0; i < messages; i++)
            {
                import.StartRow();
                import.Write(i % 2 == 0 ? first : second);
                import.Write(i % 2 == 0 ? second : first);
                import.Write(Envelope(aes, $$"""{"text":"Message number {{i}} of the benchmark","type":"text","formatted":false,"mentions":[]}"""));
                import.Write(true);
            }

            import.Complete();
        }

        return first;
    }

    public static async Task VacuumAsync(NpgsqlDataSource source)
    {
        await using NpgsqlCommand vacuum = source.CreateCommand("vacuum full analyze direct_messages");
        vacuum.CommandTimeout = 0;
        await vacuum.ExecuteNonQueryAsync();
    }

    private static void Insert(NpgsqlConnection connection, Guid id, X25519KeyPair keys)
    {
        using NpgsqlCommand user = new("insert into auth.users (id) values ($1)", connection);
        user.Parameters.Add(new() { Value = id });
        user.ExecuteNonQuery();
        using NpgsqlCommand publicKey = new("insert into user_public_keys (user_id, key_id, public_key) values ($1, 'k', $2)", connection);
        publicKey.Parameters.Add(new() { Value = id });
        publicKey.Parameters.Add(new() { Value = keys.PublicKey.ToBase64() });
        publicKey.ExecuteNonQuery();
    }

    private static string Envelope(AesGcm aes, string text)
    {
        byte[] plaintext = System.Text.Encoding.UTF8.GetBytes(text);
        byte[] ciphertext = new byte[plaintext.Length];
        byte[] nonce = RandomNumberGenerator.GetBytes(12);
        byte[] tag = new byte[16];
        aes.Encrypt(nonce, plaintext, ciphertext, tag);
        return Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($$"""
            {"metadata":{"key_id":"","algorithm":"aes-256-gcm","iv":"{{Convert.ToBase64String(nonce)}}","auth_tag":"{{Convert.ToBase64String(tag)}}","version":1},"ciphertext":"{{Convert.ToBase64String(ciphertext)}}"}
            """));
    }

    private static void Execute(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
    }
}
