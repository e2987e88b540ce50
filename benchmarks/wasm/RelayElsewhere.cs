using System.Reflection;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Wasm;

/// <summary>A relay in memory, whose own work is left out of what is measured: it would be done on a server.</summary>
public class RelayElsewhere : DispatchProxy
{
    private IE2ERelay? _relay;
    private Timings? _timings;

    internal static IE2ERelay Over(IE2ERelay relay, Timings timings)
    {
        IE2ERelay proxy = Create<IE2ERelay, RelayElsewhere>();
        ((RelayElsewhere)(object)proxy)._relay = relay;
        ((RelayElsewhere)(object)proxy)._timings = timings;
        return proxy;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        using (_timings!.Elsewhere())
        {
            return targetMethod!.Invoke(_relay, args);
        }
    }
}
