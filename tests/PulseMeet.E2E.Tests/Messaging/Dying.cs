using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Lets something fail at its first write, or its first call of the relay, then at the next, and so on until it has no more: every one,
/// not some.</summary>
internal static class Dying
{
    /// <summary>A trial for each write and each fault of the store.</summary>
    /// <param name="fewest">How many writes it has at least, and one.</param>
    /// <param name="most">How many at most, and one.</param>
    /// <param name="trial">In a world of its own.</param>
    public static async Task AtEveryWriteAsync(int fewest, int most, Func<DeathAtAWrite, Task> trial)
    {
        foreach (StoreFault fault in Enum.GetValues<StoreFault>())
        {
            int writes = 0;
            for (bool happened = true; happened; writes++)
            {
                var death = new DeathAtAWrite(writes + 1, fault);
                await trial(death);
                happened = death.HasHappened;
            }

            Assert.InRange(writes, fewest, most);
        }
    }

    /// <summary>A trial for each call of the relay, which fails before it is carried out, or after where the stage says so.</summary>
    /// <param name="most">How many calls there are at most.</param>
    /// <param name="trial">In a world of its own.</param>
    public static async Task AtEveryCallAsync(int most, Func<FailureOfACall, Task> trial)
    {
        int calls = 0;
        for (int failAt = 1; failAt <= calls + 1; failAt++)
        {
            var failure = new FailureOfACall(failAt);
            await trial(failure);
            calls = failure.HasHappened ? failAt : calls;
        }

        Assert.InRange(calls, 1, most);
    }

    /// <summary>Whether what is done ends as it does where the process dies, or the relay is away.</summary>
    public static async Task<bool> DiesAsync(Func<Task> act)
    {
        try
        {
            await act();
            return false;
        }
        catch (E2EException exception) when (exception.Reason is E2EError.StoreFailed or E2EError.RelayUnavailable)
        {
            return true;
        }
    }
}

/// <summary>A process that dies, or a write that fails, at a given write.</summary>
internal sealed class DeathAtAWrite(int write, StoreFault fault)
{
    /// <summary>Whether the write was reached.</summary>
    public bool HasHappened { get; private set; }

    /// <summary>Does something on a device that dies at the write. A process that died begins anew; one whose write failed goes on with the client
    /// that it has.</summary>
    /// <returns>Whether the call failed.</returns>
    public async Task<bool> ActAsync(Member member, Func<Task> act)
    {
        CrashingStore? store = null;
        await member.RestartAsync(inner => store = new CrashingStore(inner));
        store!.Plan(write, fault);
        bool hasDied = await Dying.DiesAsync(act);
        HasHappened = store.HasHappened;
        store.Plan(int.MaxValue, fault);
        if (fault is StoreFault.CrashBefore or StoreFault.CrashAfter)
        {
            member.Crash();
        }

        return hasDied;
    }

    public override string ToString() => $"write {write}, {fault}";
}

/// <summary>A device's call of the relay that fails.</summary>
internal sealed class FailureOfACall(int failAt)
{
    /// <summary>Whether the call was reached.</summary>
    public bool HasHappened { get; private set; }

    public async Task ActAsync(World world, Member member, Func<Task> act)
    {
        int call = 0;
        world.Relay.Before = (caller, _) => caller == member.Address && ++call == failAt
            ? throw new E2EException(E2EError.RelayUnavailable)
            : Task.CompletedTask;
        await Dying.DiesAsync(act);
        HasHappened = call >= failAt;
        world.Relay.Before = (_, _) => Task.CompletedTask;
    }

    public override string ToString() => $"call {failAt}";
}
