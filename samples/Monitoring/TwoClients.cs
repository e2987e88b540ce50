using PulseMeet.E2E;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace Monitoring;

/// <summary>Two users with a client each, who talk over one relay.</summary>
public sealed class TwoClients(
    IServiceProvider services, UnreliableRelayServer relay, IKeyDerivationService derivation, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly X25519KeyPair _archive = X25519KeyPair.Generate();
    private PulseChat? _picnic;

    public E2EClient Alice { get; } = services.GetRequiredKeyedService<E2EClient>("alice");

    public E2EClient Bob { get; private set; } = services.GetRequiredKeyedService<E2EClient>("bob");

    /// <summary>Both make an account, accept each other, and are in a pulse chat.</summary>
    public Task MeetAsync(CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            (await Alice.SignUpAsync(cancellationToken)).Dispose();
            (await Bob.SignUpAsync(cancellationToken)).Dispose();
            await Alice.AcceptAsync("bob", cancellationToken);
            await Bob.AcceptAsync("alice", cancellationToken);
            await SynchronizeAsync(cancellationToken); // Bob is added by a key package that he has published.
            _picnic = await Alice.CreatePulseAsync("Picnic", ["bob"], cancellationToken);
        },
        cancellationToken);

    /// <summary>Alice writes, Bob answers whatever came, and the key of an archive is derived.</summary>
    /// <exception cref="E2EException">The relay cannot be reached: what was written waits in the stores.</exception>
    public Task TalkAsync(CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            derivation.DeriveArchiveKey(_archive, _archive.PublicKey, new ConversationContext("archive")).Dispose();
            await Alice.SendAsync("bob", MessageContent.Text("How are you?"), cancellationToken);
            await _picnic!.SendAsync(MessageContent.Text("Who brings what?"), cancellationToken);
            await SynchronizeAsync(cancellationToken);
            for (int came = await ReadAsync(Bob, cancellationToken); came > 0; came--)
            {
                await Bob.SendAsync("alice", MessageContent.Text("Fine."), cancellationToken);
            }

            await Bob.SynchronizeAsync(cancellationToken);
            await SynchronizeAsync(cancellationToken);
            await ReadAsync(Alice, cancellationToken);
        },
        cancellationToken);

    /// <summary>A round of both; the second one's also where the first one's fails.</summary>
    public async Task SynchronizeAsync(CancellationToken cancellationToken)
    {
        Task first = Alice.SynchronizeAsync(cancellationToken);
        await first.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(first, Bob.SynchronizeAsync(cancellationToken));
    }

    /// <summary>Runs something while the two are not talking.</summary>
    public async Task AloneAsync(Func<Task> act, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await act();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends Bob's client and opens one over another store.</summary>
    public async Task ReopenBobAsync(ChatAccount bob, InMemoryStore store)
    {
        await Bob.DisposeAsync();
        Bob = bob.Reopen(store, relay, time);
    }

    public async ValueTask DisposeAsync()
    {
        await Alice.DisposeAsync();
        await Bob.DisposeAsync();
        _archive.Dispose();
        _turn.Dispose();
    }

    /// <summary>Takes what came.</summary>
    private static async Task<int> ReadAsync(E2EClient client, CancellationToken cancellationToken)
    {
        int messages = 0;
        await foreach (E2EEvent happened in client.ReadWaitingEventsAsync(cancellationToken))
        {
            messages += happened is MessageReceived ? 1 : 0;
        }

        return messages;
    }
}
