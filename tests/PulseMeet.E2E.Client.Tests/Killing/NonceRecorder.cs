using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>A relay that writes down the salt of every envelope's cipher key before it takes the envelope, for two envelopes with one would share a
/// key; and that it has taken it, before it says so.</summary>
/// <param name="relay">What keeps the envelopes.</param>
/// <param name="salts">The file: a line for each envelope that came, its salt and its id, and one for each that was taken.</param>
internal sealed class NonceRecorder(IE2ERelayServer relay, string salts) : IE2ERelayServer
{
    private readonly Lock _lock = new();

    /// <summary>How many salts two envelopes have in common, by what processes that may be dead have written down.</summary>
    public static int Repeated(string salts) => File.ReadLines(salts)
        .Select(line => line.Split(' '))
        .Where(words => words is [{ Length: 24 }, { Length: 32 }])
        .GroupBy(words => words[0])
        .Count(envelopes => envelopes.Select(words => words[1]).Distinct().Count() > 1);

    /// <summary>The ids of envelopes that the relay was about to say it had taken.</summary>
    public static IEnumerable<string> Taken(string salts) => File.ReadLines(salts)
        .Select(line => line.Split(' '))
        .Where(words => words is ["taken", { Length: 32 }])
        .Select(words => words[1])
        .Distinct();

    public IE2ERelay Connect(DeviceAddress caller)
    {
        var view = DispatchProxy.Create<IE2ERelay, View>();
        ((View)(object)view).Set(this, relay.Connect(caller));
        return view;
    }

    public Task CleanUpAsync(CancellationToken cancellationToken = default) => relay.CleanUpAsync(cancellationToken);

    private void Note(OutgoingEnvelope envelope)
    {
        ReadOnlySpan<byte> message = envelope.Content.Span[2..];
        ReadOnlySpan<byte> inner = RatchetSession.IsFirstMessage(message) ? FirstMessage.Read(message).Inner : message;
        Write(Convert.ToHexString(inner.Slice(RatchetMessage.NonceAt, 12)), envelope);
    }

    private void Write(string word, OutgoingEnvelope envelope)
    {
        lock (_lock)
        {
            // Each line is whole with the operating system when it was written: a killed process takes none with it.
            File.AppendAllText(salts, $"{word} {Convert.ToHexString(envelope.Id.Span)}{Environment.NewLine}");
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
            if (args is not [IReadOnlyList<OutgoingEnvelope> envelopes, ..])
            {
                return targetMethod!.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null);
            }

            envelopes.ToList().ForEach(_recorder!.Note);
            return TakeAsync(
                envelopes, (Task<IReadOnlyList<DeliveryOutcome>>)targetMethod!.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null)!);
        }

        private async Task<IReadOnlyList<DeliveryOutcome>> TakeAsync(
            IReadOnlyList<OutgoingEnvelope> envelopes, Task<IReadOnlyList<DeliveryOutcome>> taking)
        {
            IReadOnlyList<DeliveryOutcome> outcomes = await taking;
            foreach ((OutgoingEnvelope envelope, _) in envelopes.Zip(outcomes).Where(pair => pair.Second == DeliveryOutcome.Accepted))
            {
                _recorder!.Write("taken", envelope);
            }

            return outcomes;
        }
    }
}
