using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Testing;

/// <summary>One check of one rule: its store, what it expects of it, and what goes when it is over.</summary>
internal sealed class StoreTrial(Func<IE2EStore> open)
{
    private readonly List<IE2EStore> _open = [];

    /// <summary>Opens the place once more.</summary>
    public IE2EStore Open()
    {
        IE2EStore store = open();
        _open.Add(store);
        return store;
    }

    public async Task EndAsync()
    {
        foreach (IE2EStore store in _open)
        {
            await store.DisposeAsync().ConfigureAwait(false);
        }
    }

    public static Task<StoreLease> TakeAsync(IE2EStore store, bool handover = false) => store.AcquireAsync("conformance", handover);

    public static byte[] Value(int i) => [(byte)i, (byte)(i >> 8), 0, 255];

    public static StoreChange Put(byte table, byte[] key, byte[] value) => new(table, key, value);

    public static void Expect(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new BrokenException(otherwise);
        }
    }

    /// <summary>A record, or none.</summary>
    public static async Task ExpectAsync(IE2EStore store, byte table, byte[] key, byte[]? value, string otherwise)
    {
        byte[]? read = await store.ReadAsync(table, key).ConfigureAwait(false);
        Expect(read is null ? value is null : value is not null && read.AsSpan().IndexOf(value) == 0 && read.Length == value.Length, otherwise);
    }

    public static async Task ExpectAsync(E2EError reason, Func<Task> action, string otherwise)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (E2EException e) when (e.Reason == reason)
        {
            return;
        }

        throw new BrokenException(otherwise);
    }

    public static async Task ExpectAsync<TException>(Func<Task> action, string otherwise)
        where TException : Exception
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (TException)
        {
            return;
        }

        throw new BrokenException(otherwise);
    }

    /// <summary>The rule does not hold.</summary>
    internal sealed class BrokenException(string message) : Exception(message);
}
