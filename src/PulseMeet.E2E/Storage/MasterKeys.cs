using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E;

/// <summary>Makes an <see cref="IMasterKeySource"/> of whatever way an app has to its operating system's key store.</summary>
public static class MasterKeys
{
    /// <summary>A source that reads the key's bytes.</summary>
    /// <param name="read">Gives 32 bytes, the same for the same store: random ones, which were put into the key store when there were none
    /// yet. They are zeroed once the key was taken, so each call gives an array of its own.</param>
    /// <returns>A source whose calls throw <see cref="ArgumentException"/> where something else than 32 bytes came.</returns>
    public static IMasterKeySource From(Func<CancellationToken, ValueTask<byte[]>> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return new Source(read);
    }

    /// <summary>A source that gives copies of a key that the app holds.</summary>
    /// <param name="key">The key. Not disposed; it outlives the clients that ask for it.</param>
    public static IMasterKeySource Of(MasterKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new Held(key);
    }

    private sealed class Held(MasterKey key) : IMasterKeySource
    {
        public ValueTask<MasterKey> GetAsync(CancellationToken cancellationToken = default)
        {
            using SecretScope bytes = key.Use();
            return ValueTask.FromResult(MasterKey.Import(bytes.Span));
        }
    }

    private sealed class Source(Func<CancellationToken, ValueTask<byte[]>> read) : IMasterKeySource
    {
        public async ValueTask<MasterKey> GetAsync(CancellationToken cancellationToken = default)
        {
            byte[] key = await read(cancellationToken).ConfigureAwait(false);
            try
            {
                return MasterKey.Import(key);
            }
            finally
            {
                SecretMemory.Zero(key);
            }
        }
    }
}
