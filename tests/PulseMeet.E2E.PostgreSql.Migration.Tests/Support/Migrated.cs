using Npgsql;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.PostgreSql.Migration;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

/// <summary>The migration's parts, with the choices that tests share.</summary>
internal static class Migrated
{
    public static readonly KeyDerivationService Derivation = new(new KeyDerivationOptions(), TimeProvider.System);
    public static readonly LegacyKeyDerivation Legacy = new();
    public static readonly MessageSealer Sealer = new(new MessageSealingOptions());

    public static SecureKeyExchangeMigration Schema(TestDatabase database) => new(database.Owner, TimeProvider.System);

    public static async Task ToVerifiedAsync(TestDatabase database, X25519PublicKey recovery)
    {
        SecureKeyExchangeMigration schema = Schema(database);
        await schema.ExpandAsync();
        await schema.WrapAsync(recovery);
        await schema.VerifyAsync();
    }

    public static MessageMigrator Messages(
        NpgsqlDataSource source, LegacyUser user, TimeSpan? timeout = null, double maxFailureRate = 1, int batch = 100) =>
        new(source, new UserKeys(user.Id, [user.Keys]), new ListedPeerKeys(source), Derivation, Legacy, Sealer,
            new MessageMigrationOptions
            {
                MaxFailureRate = maxFailureRate, BatchSize = batch, Timeout = timeout ?? TimeSpan.FromSeconds(300),
            },
            TimeProvider.System);

    /// <summary>Every user's app, four at a time.</summary>
    public static async Task AllMessagesAsync(TestDatabase database, LegacyWorld world)
    {
        await Parallel.ForEachAsync(world.Users, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (user, cancel) =>
        {
            await using NpgsqlDataSource source = database.Login(user.Id);
            MessageMigrationReport report = await Messages(source, user).MigrateExistingMessagesAsync(null, cancel);
            Assert.Equal(MessageMigrationOutcome.Completed, report.Outcome);
        });
    }

    /// <summary>What a user reads of messages through the library, by their own login; null where a row is hidden.</summary>
    public static async Task<List<ArchivedMessage?>> ReadAsync(
        NpgsqlDataSource source, LegacyUser user, IReadOnlyList<WorldMessage> messages)
    {
        Dictionary<Guid, (string Content, int Version)> rows = TestDatabase.Rows(source,
            """
            select id, content, key_version from direct_messages where id = any($1)
            union all select id, content, key_version from chat_messages where id = any($1)
            """,
            (object)messages.Select(message => message.Id).ToArray())
            .ToDictionary(row => (Guid)row[0], row => ((string)row[1], (int)row[2]));
        Dictionary<string, ConversationArchive> archives = [];
        List<ArchivedMessage?> read = [];
        foreach (WorldMessage message in messages)
        {
            if (!rows.TryGetValue(message.Id, out (string Content, int Version) row))
            {
                read.Add(null);
                continue;
            }

            MessageContext context = Context(message);
            if (!archives.TryGetValue(context.ConversationId, out ConversationArchive? archive))
            {
                archives[context.ConversationId] = archive = message.Pulse is { } pulse
                    ? await ConversationArchive.OfPulseAsync(source, new UserKeys(user.Id, [user.Keys]), pulse.Id, Derivation, Legacy)
                    : await ConversationArchive.OfDirectAsync(source, new UserKeys(user.Id, [user.Keys]),
                        user == message.Sender ? message.Receiver!.Id : message.Sender.Id, new ListedPeerKeys(source), Derivation, Legacy);
            }

            read.Add(ArchivedMessage.Open(archive.ArchiveKeys, Sealer, context, row.Content, row.Version));
        }

        foreach (ConversationArchive archive in archives.Values)
        {
            archive.Dispose();
        }

        return read;
    }

    public static MessageContext Context(WorldMessage message) => new(
        message.Pulse?.Id.ToString("D") ?? LegacyNames.DirectConversationId(message.Sender.Id, message.Receiver!.Id),
        message.Sender.Id.ToString("D"), (message.Pulse?.Id ?? message.Receiver!.Id).ToString("D"), message.Id.ToString("D"));

    /// <summary>Whether somebody could read the message before who also has a usable public key.</summary>
    public static bool IsReadable(WorldMessage message) => !message.Unreadable && (message.Pulse is { } pulse
        ? pulse.HasKey && !pulse.MalformedKey && (message.OnlyAuthorReads
            ? message.Sender.Trouble == KeyTrouble.None
            : pulse.Members.Exists(member => member.Trouble == KeyTrouble.None))
        : message.Sender.Trouble == KeyTrouble.None && message.Receiver!.Trouble == KeyTrouble.None);

    /// <summary>The keys and messages of the legacy tables, to compare byte for byte.</summary>
    public static string Fingerprint(TestDatabase database) => database.Scalar<string>(
        """
        select md5(coalesce((select string_agg(md5(t::text), '' order by id) from (select id, pulse_id, key_id, symmetric_key, created_by,
            created_at, expires_at, version, is_active from pulse_chat_keys) t), '')
          || coalesce((select string_agg(md5(t::text), '' order by id) from (select id, conversation_id, key_id, symmetric_key, created_by,
            created_at, expires_at, version, is_active from direct_message_keys) t), '')
          || coalesce((select string_agg(md5(t::text), '' order by id) from direct_messages t), '')
          || coalesce((select string_agg(md5(t::text), '' order by id) from chat_messages t), ''))
        """);

    /// <summary>Columns, constraints, indexes and grants of the legacy tables, whatever the order of columns.</summary>
    public static string Shape(TestDatabase database) => string.Join('\n', database.Rows(
        """
        select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
          from information_schema.columns where table_schema = 'public' and table_name = any($1)
        union all select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint where conrelid::regclass::text = any($1)
        union all select indexdef from pg_indexes where schemaname = 'public' and tablename = any($1)
        union all select table_name || ' ' || grantee || ' ' || privilege_type from information_schema.role_table_grants
          where table_schema = 'public' and table_name = any($1)
        union all select relname || ' rls ' || relrowsecurity from pg_class where relname = any($1) and relkind = 'r'
        order by 1
        """,
        (object)new[] { "pulses", "pulse_participants", "user_public_keys", "pulse_chat_keys", "direct_message_keys", "direct_messages", "chat_messages" })
        .Select(row => (string)row[0]));
}
