using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

/// <summary>One test's database, and logins to it as the owner and as each role of the platform.</summary>
public sealed class TestDatabase : IDisposable
{
    private readonly Action _drop;
    private readonly List<NpgsqlDataSource> _sources = [];

    public TestDatabase(string connectionString, Action drop)
    {
        ConnectionString = connectionString;
        _drop = drop;
        Owner = Source("");
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource Owner { get; }

    public NpgsqlDataSource As(Guid user) => Source($"-c role=authenticated -c request.jwt.claim.sub={user:D}");

    /// <summary>Like <see cref="As"/>, for the caller to dispose.</summary>
    public NpgsqlDataSource Login(Guid user) => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(ConnectionString)
    {
        MaxPoolSize = 4, Options = $"-c role=authenticated -c request.jwt.claim.sub={user:D}",
    });

    public NpgsqlDataSource AsRole(string role) => Source($"-c role={role}");

    public void Run(string sql, params object[] parameters) => Run(Owner, sql, parameters);

    public static void Run(NpgsqlDataSource source, string sql, params object[] parameters)
    {
        using NpgsqlCommand command = Command(source, sql, parameters);
        command.ExecuteNonQuery();
    }

    public T Scalar<T>(string sql, params object[] parameters) => Scalar<T>(Owner, sql, parameters);

    public static T Scalar<T>(NpgsqlDataSource source, string sql, params object[] parameters)
    {
        using NpgsqlCommand command = Command(source, sql, parameters);
        return (T)command.ExecuteScalar()!;
    }

    public List<object[]> Rows(string sql, params object[] parameters) => Rows(Owner, sql, parameters);

    public static List<object[]> Rows(NpgsqlDataSource source, string sql, params object[] parameters)
    {
        using NpgsqlCommand command = Command(source, sql, parameters);
        using NpgsqlDataReader reader = command.ExecuteReader();
        List<object[]> rows = [];
        while (reader.Read())
        {
            object[] row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }

    public void Dispose()
    {
        _sources.ForEach(source => source.Dispose());
        _drop();
    }

    private static NpgsqlCommand Command(NpgsqlDataSource source, string sql, object[] parameters)
    {
        NpgsqlCommand command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        foreach (object parameter in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        }

        return command;
    }

    private NpgsqlDataSource Source(string options)
    {
        var builder = new NpgsqlConnectionStringBuilder(ConnectionString) { MaxPoolSize = 30 };
        if (options.Length > 0)
        {
            builder.Options = options;
            builder.MinPoolSize = 0;
        }

        var source = NpgsqlDataSource.Create(builder);
        _sources.Add(source);
        return source;
    }
}
