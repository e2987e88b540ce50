using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>A relay that notes the salt of every envelope's cipher key: two envelopes with one would share a key.</summary>
internal sealed class NonceRecorder : IE2ERelayServer
{
    private readonly InMemoryRelay _relay = new(TimeProvider.System);
    private readonly ConcurrentDictionary<string, string> _envelopes = new();
    private int _repeated;

    public int Repeated => Volatile.Read(ref _repeated);

    public IE2ERelay Connect(DeviceAddress caller)
    {
        var view = DispatchProxy.Create<IE2ERelay, View>();
        ((View)(object)view).Set(this, _relay.Connect(caller));
        return view;
    }

    public Task CleanUpAsync(CancellationToken cancellationToken = default) => _relay.CleanUpAsync(cancellationToken);

    private void Note(OutgoingEnvelope envelope)
    {
        ReadOnlySpan<byte> message = envelope.Content.Span[2..];
        ReadOnlySpan<byte> inner = RatchetSession.IsFirstMessage(message) ? FirstMessage.Read(message).Inner : message;
        string id = Convert.ToHexString(envelope.Id.Span);
        if (_envelopes.GetOrAdd(Convert.ToHexString(inner.Slice(RatchetMessage.NonceAt, 12)), id) != id)
        {
            Interlocked.Increment(ref _repeated);
        }
    }

    /// <summary>One device's view of the relay, with every envelope noted on its way.</summary>
    [SuppressMessage("Performance", "CA1852:Seal internal types", Justification = "The proxy derives from it.")]
    public class View : DispatchProxy
    {
        private NonceRecorder? _recorder;
        private IE2ERelay? _inner;

        internal void Set(NonceRecorder recorder, IE2ERelay inner) => (_recorder, _inner) = (recorder, inner);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (args is [IReadOnlyList<OutgoingEnvelope> envelopes, ..])
            {
                envelopes.ToList().ForEach(_recorder!.Note);
            }

            return targetMethod!.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null);
        }
    }
}
