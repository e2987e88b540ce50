using PulseMeet.E2E;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace AppTests.App;

/// <summary>The app that is tested: it writes, and keeps what it is told in a notebook.</summary>
/// <remarks>Its store, relay and clock come from outside: that is all that it takes to test it.</remarks>
public sealed class ChatApp : IAsyncDisposable
{
    private readonly E2EClient _chat;
    private readonly Notebook _notebook;

    public ChatApp(IE2EStore store, IE2ERelay relay, IMasterKeySource masterKeys, TimeProvider time, Notebook notebook)
    {
        var options = new E2EClientOptions { Device = relay.Caller, SendsByItself = false };
        _chat = new E2EClient(store, relay, masterKeys, options, time);
        _notebook = notebook;
    }

    /// <summary>Makes the account, or goes on with it.</summary>
    public async Task SignUpAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            (await _chat.SignUpAsync(cancellationToken)).Dispose(); // The recovery key, to be written down.
        }
        catch (InvalidOperationException)
        {
            // There is one.
        }
    }

    public Task BefriendAsync(string user, CancellationToken cancellationToken = default) => _chat.AcceptAsync(user, cancellationToken);

    public Task SayAsync(string user, string text, CancellationToken cancellationToken = default) =>
        _chat.SendAsync(user, MessageContent.Text(text), cancellationToken);

    /// <summary>The app is woken: it sends, receives and notes what came, and sleeps again. A relay that is away is for the next time.</summary>
    public async Task WakeAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _chat.SynchronizeAsync(cancellationToken);
        }
        catch (E2EException exception) when (exception.Reason is not (E2EError.StoreFailed or E2EError.StoreInUse or E2EError.StoreDamaged))
        {
            // What waits, waits in the store.
        }

        await ReadAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _chat.DisposeAsync();

    /// <summary>Notes what has happened since.</summary>
    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await foreach (E2EEvent happened in _chat.ReadWaitingEventsAsync(cancellationToken))
        {
            if (happened is MessageReceived message)
            {
                _notebook.Note(message);
            }
            else if (happened is MessagesMissing missing)
            {
                _notebook.Note(missing);
            }
        }
    }
}
