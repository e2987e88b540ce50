using System.Security.Cryptography;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>docs/protocol-relay.md, "Media".</summary>
internal static class MediaChecks
{
    public static IReadOnlyList<ConformanceCheck<RelayUnderTest>> All { get; } =
    [
        new("A file is put in parts, and read in ranges once it is whole.", PutAsync),
        new("A part at another offset than the durable end appends nothing, and the answer says where to go on.", OffsetAsync),
        new("More bytes than were announced, a part over the bound, or another length are refused.", LengthAsync),
        new("An upload is its user's alone; a whole file is read by whoever knows its id.", OwnerAsync),
        new("A whole file never changes.", NeverChangesAsync),
        new("Deleting is no error where the file is gone, and a file that is gone is not read.", DeleteAsync),
        new("An upload that is not finished in time goes; a whole file stays.", AgeAsync),
        new("Uploads of the same parts at once make the file once.", AtOnceAsync),
    ];

    private static async Task PutAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        IMediaStore alice = world.Media("alice");
        byte[] file = RandomNumberGenerator.GetBytes(10_000);
        byte[] id = RelayWorld.NewId();
        Expect.That(await alice.GetLengthAsync(id, cancellationToken).ConfigureAwait(false) is null, "A file that nobody put.");
        Expect.Equal(0L, await alice.BeginPutAsync(id, file.Length, cancellationToken).ConfigureAwait(false), "Durable at first");
        Expect.Equal(7000L, await alice.PutAsync(id, 0, file.AsMemory(0, 7000), cancellationToken).ConfigureAwait(false), "Durable then");
        Expect.That(await alice.GetLengthAsync(id, cancellationToken).ConfigureAwait(false) is null, "A length before it is whole.");
        await Expect.RefusedAsync(E2EError.UnknownMedia, () => alice.GetAsync(id, 0, new byte[1], cancellationToken), "Reading before it is whole").ConfigureAwait(false);
        Expect.Equal(7000L, await alice.BeginPutAsync(id, file.Length, cancellationToken).ConfigureAwait(false), "Durable when it is begun again");
        Expect.Equal(10_000L, await alice.PutAsync(id, 7000, file.AsMemory(7000), cancellationToken).ConfigureAwait(false), "Durable at last");
        Expect.Equal(10_000L, await alice.GetLengthAsync(id, cancellationToken).ConfigureAwait(false), "The length");
        foreach ((int offset, int count) in ((int, int)[])[(0, 10_000), (6990, 20), (9990, 100), (10_000, 5), (3, 1)])
        {
            byte[] range = new byte[count];
            int read = await alice.GetAsync(id, offset, range, cancellationToken).ConfigureAwait(false);
            Expect.Equal(Math.Min(count, file.Length - offset), read, "Bytes read");
            Expect.Same(file.AsMemory(offset, read), range.AsMemory(0, read), "The range");
        }
    }

    private static async Task OffsetAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        IMediaStore alice = world.Media("alice");
        byte[] id = RelayWorld.NewId();
        await alice.BeginPutAsync(id, 6, cancellationToken).ConfigureAwait(false);
        await alice.PutAsync(id, 0, new byte[] { 1, 2 }, cancellationToken).ConfigureAwait(false);
        Expect.Equal(2L, await alice.PutAsync(id, 0, new byte[] { 9, 9 }, cancellationToken).ConfigureAwait(false), "A part again");
        Expect.Equal(2L, await alice.PutAsync(id, 1, new byte[] { 9, 9 }, cancellationToken).ConfigureAwait(false), "A part that overlaps");
        Expect.Equal(2L, await alice.PutAsync(id, 4, new byte[] { 9, 9 }, cancellationToken).ConfigureAwait(false), "A part that leaves a hole");
        Expect.Equal(2L, await alice.PutAsync(id, 2, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false), "An empty part");
        Expect.Equal(6L, await alice.PutAsync(id, 2, new byte[] { 3, 4, 5, 6 }, cancellationToken).ConfigureAwait(false), "The rest");
        byte[] read = new byte[6];
        await alice.GetAsync(id, 0, read, cancellationToken).ConfigureAwait(false);
        Expect.Same(new byte[] { 1, 2, 3, 4, 5, 6 }, read, "The file");
    }

    private static async Task LengthAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        IMediaStore alice = world.Media("alice");
        byte[] id = RelayWorld.NewId();
        await alice.BeginPutAsync(id, 4, cancellationToken).ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.LimitExceeded, () => alice.PutAsync(id, 0, new byte[5], cancellationToken), "Too many bytes").ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.ContentChanged, () => alice.BeginPutAsync(id, 5, cancellationToken), "Another length").ConfigureAwait(false);
        Expect.Equal(0L, await alice.BeginPutAsync(id, 4, cancellationToken).ConfigureAwait(false), "Durable");
        byte[] other = RelayWorld.NewId();
        await alice.BeginPutAsync(other, RelayLimits.MaxRequestSize + 1, cancellationToken).ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.LimitExceeded, () => alice.PutAsync(other, 0, new byte[RelayLimits.MaxRequestSize + 1], cancellationToken), "A long part").ConfigureAwait(false);
        Expect.Equal(
            (long)RelayLimits.MaxRequestSize, await alice.PutAsync(other, 0, new byte[RelayLimits.MaxRequestSize], cancellationToken).ConfigureAwait(false), "The longest part");
        await Expect.MistakeAsync(() => alice.BeginPutAsync(id, 0, cancellationToken), "A length of 0").ConfigureAwait(false);
        await Expect.MistakeAsync(() => alice.PutAsync(id, -1, new byte[1], cancellationToken), "An offset below 0").ConfigureAwait(false);
        await Expect.MistakeAsync(() => alice.GetLengthAsync(new byte[15], cancellationToken), "A short id").ConfigureAwait(false);
    }

    private static async Task OwnerAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        IMediaStore alice = world.Media("alice");
        IMediaStore mallory = world.Media("mallory");
        byte[] id = RelayWorld.NewId();
        await Expect.RefusedAsync(E2EError.UnknownMedia, () => mallory.PutAsync(id, 0, new byte[1], cancellationToken), "A part of nothing").ConfigureAwait(false);
        await alice.BeginPutAsync(id, 2, cancellationToken).ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.NotAllowed, () => mallory.BeginPutAsync(id, 2, cancellationToken), "Another's beginning").ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.NotAllowed, () => mallory.PutAsync(id, 0, new byte[2], cancellationToken), "Another's part").ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.NotAllowed, () => mallory.DeleteAsync(id, cancellationToken), "Another's deleting").ConfigureAwait(false);
        await alice.PutAsync(id, 0, new byte[] { 1, 2 }, cancellationToken).ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.NotAllowed, () => mallory.DeleteAsync(id, cancellationToken), "Another's deleting of a whole one").ConfigureAwait(false);
        Expect.Equal(2, await mallory.GetAsync(id, 0, new byte[2], cancellationToken).ConfigureAwait(false), "Bytes that another reads");
    }

    private static async Task NeverChangesAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        IMediaStore alice = world.Media("alice");
        byte[] id = RelayWorld.NewId();
        await alice.BeginPutAsync(id, 2, cancellationToken).ConfigureAwait(false);
        await alice.PutAsync(id, 0, new byte[] { 1, 2 }, cancellationToken).ConfigureAwait(false);
        Expect.Equal(2L, await alice.BeginPutAsync(id, 2, cancellationToken).ConfigureAwait(false), "Durable when it is begun again");
        Expect.Equal(2L, await alice.PutAsync(id, 0, new byte[] { 9, 9 }, cancellationToken).ConfigureAwait(false), "Durable after a part");
        byte[] read = new byte[2];
        await alice.GetAsync(id, 0, read, cancellationToken).ConfigureAwait(false);
        Expect.Same(new byte[] { 1, 2 }, read, "The file");
    }

    private static async Task DeleteAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        IMediaStore alice = world.Media("alice");
        byte[] id = RelayWorld.NewId();
        await alice.DeleteAsync(id, cancellationToken).ConfigureAwait(false);
        await alice.BeginPutAsync(id, 1, cancellationToken).ConfigureAwait(false);
        await alice.PutAsync(id, 0, new byte[1], cancellationToken).ConfigureAwait(false);
        await alice.DeleteAsync(id, cancellationToken).ConfigureAwait(false);
        await alice.DeleteAsync(id, cancellationToken).ConfigureAwait(false);
        Expect.That(await alice.GetLengthAsync(id, cancellationToken).ConfigureAwait(false) is null, "A deleted file has a length.");
        await Expect.RefusedAsync(E2EError.UnknownMedia, () => alice.GetAsync(id, 0, new byte[1], cancellationToken), "Reading it").ConfigureAwait(false);
    }

    private static async Task AgeAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        IMediaStore alice = world.Media("alice");
        byte[] whole = RelayWorld.NewId();
        byte[] unfinished = RelayWorld.NewId();
        await alice.BeginPutAsync(whole, 1, cancellationToken).ConfigureAwait(false);
        await alice.PutAsync(whole, 0, new byte[1], cancellationToken).ConfigureAwait(false);
        await alice.BeginPutAsync(unfinished, 2, cancellationToken).ConfigureAwait(false);
        await alice.PutAsync(unfinished, 0, new byte[1], cancellationToken).ConfigureAwait(false);
        world.Clock.Advance(RelayLimits.MaxEnvelopeAge);
        await subject.Media.CleanUpAsync(cancellationToken).ConfigureAwait(false);
        Expect.Equal(1L, await alice.GetLengthAsync(whole, cancellationToken).ConfigureAwait(false), "The whole one's length");
        await Expect.RefusedAsync(
            E2EError.UnknownMedia, () => alice.PutAsync(unfinished, 1, new byte[1], cancellationToken), "Going on with the other").ConfigureAwait(false);
    }

    private static async Task AtOnceAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        byte[] file = RandomNumberGenerator.GetBytes(40_000);
        byte[] id = RelayWorld.NewId();
        await RelayWorld.AtOnceAsync(4, async _ =>
        {
            IMediaStore alice = world.Media("alice");
            long durable = await alice.BeginPutAsync(id, file.Length, cancellationToken).ConfigureAwait(false);
            while (durable < file.Length)
            {
                int count = (int)Math.Min(1000, file.Length - durable);
                durable = await alice.PutAsync(id, durable, file.AsMemory((int)durable, count), cancellationToken).ConfigureAwait(false);
            }

            return durable;
        }).ConfigureAwait(false);
        byte[] read = new byte[file.Length];
        Expect.Equal(file.Length, await world.Media("bob").GetAsync(id, 0, read, cancellationToken).ConfigureAwait(false), "Bytes read");
        Expect.Same(file, read, "The file");
    }
}
