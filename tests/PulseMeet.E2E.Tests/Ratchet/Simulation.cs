using FsCheck;
using FsCheck.Fluent;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>What the network and the devices do, step by step.</summary>
public enum Happening
{
    AliceSends,
    BobSends,
    DeliverOldest,
    DeliverNewest,
    DeliverAny,
    LoseAny,
    DuplicateDelivered,
    AliceRestarts,
    BobRestarts,
}

/// <summary>A schedule of events; the numbers choose which message is meant.</summary>
public sealed record Schedule(IReadOnlyList<(Happening Happening, int Choice)> Events)
{
    public override string ToString() => string.Join(' ', Events);
}

/// <summary>Generates schedules for FsCheck.</summary>
public static class ScheduleGenerator
{
    public static Arbitrary<Schedule> Schedules() =>
        (from events in Gen.ListOf(
            from kind in Gen.Frequency(
                (6, Gen.Elements(Happening.AliceSends, Happening.BobSends)),
                (7, Gen.Elements(Happening.DeliverOldest, Happening.DeliverNewest, Happening.DeliverAny)),
                (1, Gen.Constant(Happening.LoseAny)),
                (2, Gen.Constant(Happening.DuplicateDelivered)),
                (1, Gen.Elements(Happening.AliceRestarts, Happening.BobRestarts)))
            from choice in Gen.Choose(0, 1000)
            select (kind, choice))
         select new Schedule([.. events])).ToArbitrary();
}

/// <summary>Runs a schedule over a real session and keeps count of every message.</summary>
internal sealed class Simulation
{
    private readonly SessionPair _pair = Sessions.Begun();
    private readonly List<Message> _underWay = [];
    private readonly List<Message> _delivered = [];
    private RatchetSession _alice;
    private RatchetSession _bob;
    private int _sent;

    private Simulation() => (_alice, _bob) = (_pair.Alice, _pair.Bob);

    private sealed record Message(bool ToBob, byte[] Sealed, byte[] Plaintext);

    /// <summary>Every delivered message opens exactly once, every copy is refused as a duplicate, and at the end both sides
    /// still talk.</summary>
    public static bool EveryDeliveredMessageOpensExactlyOnce(Schedule schedule)
    {
        var simulation = new Simulation();
        foreach ((Happening kind, int choice) in schedule.Events)
        {
            if (!simulation.Step(kind, choice))
            {
                return false;
            }
        }

        return simulation.StillInStep();
    }

    private bool Step(Happening kind, int choice)
    {
        switch (kind)
        {
            case Happening.AliceSends or Happening.BobSends:
                Send(toBob: kind == Happening.AliceSends);
                return true;
            case Happening.AliceRestarts:
                _alice = _alice.Copy(_pair.Clock);
                return true;
            case Happening.BobRestarts:
                _bob = _bob.Copy(_pair.Clock);
                return true;
            case Happening.DuplicateDelivered:
                return _delivered.Count == 0 || IsDuplicate(_delivered[choice % _delivered.Count]);
            default:
                return _underWay.Count == 0 || Arrive(kind, choice);
        }
    }

    private bool Arrive(Happening kind, int choice)
    {
        int index = kind switch
        {
            Happening.DeliverOldest => 0,
            Happening.DeliverNewest => _underWay.Count - 1,
            _ => choice % _underWay.Count,
        };
        Message message = _underWay[index];
        _underWay.RemoveAt(index);
        return kind == Happening.LoseAny || Deliver(message);
    }

    private bool Deliver(Message message)
    {
        byte[] opened = (message.ToBob ? _bob : _alice).Open(message.Sealed);
        _delivered.Add(message);
        return opened.AsSpan().SequenceEqual(message.Plaintext);
    }

    private bool IsDuplicate(Message message)
    {
        try
        {
            (message.ToBob ? _bob : _alice).Open(message.Sealed);
            return false;
        }
        catch (E2EException exception)
        {
            // A copy whose chain is among the last five is told apart; an older one only fails.
            return exception.Reason is E2EError.DuplicateMessage or E2EError.NotAuthentic;
        }
    }

    private void Send(bool toBob)
    {
        byte[] plaintext = BitConverter.GetBytes(_sent++);
        _underWay.Add(new(toBob, (toBob ? _alice : _bob).Seal(plaintext), plaintext));
    }

    private bool StillInStep() =>
        _bob.Open(_alice.Seal("one"u8)).AsSpan().SequenceEqual("one"u8)
        && _alice.Open(_bob.Seal("two"u8)).AsSpan().SequenceEqual("two"u8)
        && _bob.Open(_alice.Seal("three"u8)).AsSpan().SequenceEqual("three"u8);
}
