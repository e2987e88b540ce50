using System.Reflection;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A relay whose every call can do what no contract allows: throw anything, give nothing, or something of another
/// shape.</summary>
public class TwistedRelay : DispatchProxy
{
    private IE2ERelay _inner = null!;
    private Func<MethodInfo, Func<object?>, object?[], object?> _twist = null!;

    /// <param name="call">The method that is called.</param>
    /// <param name="inner">Calls the relay beneath.</param>
    /// <returns>What the call gives: a task of the method's type, or null.</returns>
    public delegate object? Twist(MethodInfo call, Func<object?> inner);

    public static IE2ERelay Around(IE2ERelay inner, Twist twist) => Around(inner, (call, beneath, _) => twist(call, beneath));

    /// <param name="inner">The relay beneath.</param>
    /// <param name="twist">Is given the arguments, too.</param>
    public static IE2ERelay Around(IE2ERelay inner, Func<MethodInfo, Func<object?>, object?[], object?> twist)
    {
        IE2ERelay relay = Create<IE2ERelay, TwistedRelay>();
        ((TwistedRelay)(object)relay)._inner = inner;
        ((TwistedRelay)(object)relay)._twist = twist;
        return relay;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        object? Inner() => targetMethod!.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null);
        return targetMethod!.Name == "get_Caller" ? Inner() : _twist(targetMethod, Inner, args ?? []);
    }
}
