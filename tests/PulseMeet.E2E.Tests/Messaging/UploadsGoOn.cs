using PulseMeet.E2E.Media;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>An upload that was interrupted goes on where the media store is, also in another process, and no byte of it leaves twice.</summary>
public sealed class UploadsGoOn
{
    private const int Length = 3_300_000;

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.37)]
    [InlineData(1.0)]
    public async Task Whichever_part_the_process_dies_at_the_same_call_goes_on_at_the_offset(double durable)
    {
        int parts = 0;
        for (bool happened = true; happened; parts++)
        {
            await using var world = new World();
            byte[] file = File();
            (Member alice, Member bob, Func<BrokenLine> line) = await OverALineAsync(world);
            line().BreakAt(parts + 1, durable);
            happened = await Dying.DiesAsync(() => SendAsync(alice, file));
            if (happened)
            {
                alice.Crash();
                await SendAsync(alice, file);
            }

            // Every byte was taken by the store once, in order.
            Assert.Equal(MediaSealer.GetSealedLength(Length), line().Ledger.Sum(taken => taken.Count));
            Assert.All(line().Ledger.Zip(line().Ledger.Skip(1)), pair => Assert.Equal(pair.First.Offset + pair.First.Count, pair.Second.Offset));
            await world.SettleAsync(3);
            MediaContent content = Assert.IsType<MediaContent>(Assert.Single(bob.Messages).Content);
            Assert.Equal(file, await ReadAsync(bob, content.Reference));
        }

        Assert.InRange(parts, 4, 6);
    }

    [Fact]
    public async Task Another_content_another_name_or_another_user_is_another_upload_and_so_is_the_same_file_once_it_was_sent()
    {
        await using var world = new World();
        byte[] file = File();
        (Member alice, Member bob, Func<BrokenLine> line) = await OverALineAsync(world);
        await BreakAsync(alice, file, line());

        byte[] changed = [.. file];
        changed[10] ^= 1;
        Assert.Equal(0, await BeginsAtAsync(() => SendAsync(alice, changed)));
        Assert.Equal(0, await BeginsAtAsync(() => SendAsync(alice, file, "another.bin")));
        Assert.Equal(0, await BeginsAtAsync(() => alice.Client.SendFileAsync(
            "alice", new MemoryStream(file), new FileDetails("film.bin", "application/octet-stream"))));
        Assert.Equal(2 << 20, await BeginsAtAsync(() => SendAsync(alice, file)));
        Assert.Equal(0, await BeginsAtAsync(() => SendAsync(alice, file)));
        await world.SettleAsync(3);

        MediaContent[] files = [.. bob.Messages.Select(message => (MediaContent)message.Content)];
        Assert.Equal(4, files.Select(content => content.Reference.MediaId).Distinct().Count());
        for (int i = 0; i < files.Length; i++)
        {
            Assert.Equal(i == 0 ? changed : file, await ReadAsync(bob, files[i].Reference));
        }

        async Task<long> BeginsAtAsync(Func<Task> call)
        {
            int before = line().Ledger.Count;
            await call();
            return line().Ledger[before].Offset;
        }
    }

    [Fact]
    public async Task After_seven_days_an_upload_is_begun_anew()
    {
        await using var world = new World();
        byte[] file = File();
        (Member alice, _, Func<BrokenLine> line) = await OverALineAsync(world);
        await BreakAsync(alice, file, line());
        world.Clock.Advance(TimeSpan.FromDays(8));
        await alice.SyncAsync();
        await SendAsync(alice, file);
        Assert.Equal(2, line().Ledger.Count(taken => taken.Offset == 0));
    }

    [Fact]
    public void A_nonce_follows_from_the_segment_and_another_content_has_another()
    {
        byte[] key = new byte[SegmentNonces.KeySize];
        using var nonces = new SegmentNonces(key);
        using var others = new SegmentNonces([.. key[1..], 1]);
        string one = Nonce(nonces, "content"u8, 3, false);
        Assert.Equal(one, Nonce(nonces, "content"u8, 3, false));
        string[] all =
        [
            one, Nonce(nonces, "Content"u8, 3, false), Nonce(nonces, "content"u8, 4, false), Nonce(nonces, "content"u8, 3, true),
            Nonce(others, "content"u8, 3, false),
        ];
        Assert.Equal(all.Length, all.Distinct().Count());

        static string Nonce(SegmentNonces nonces, ReadOnlySpan<byte> plaintext, long position, bool isFinal)
        {
            byte[] nonce = new byte[12];
            nonces.Write(plaintext, position, isFinal, nonce);
            return Convert.ToHexString(nonce);
        }
    }

    /// <summary>What another call of the same is made for meanwhile: a double tap.</summary>
    [Fact]
    public async Task The_same_call_twice_at_once_is_two_messages_with_one_file()
    {
        (World world, TwistedMedia media, Member alice, Member bob) = await TwistedAsync();
        await using World own = world;
        byte[] file = File();
        MessageId second = default;
        bool isSecond = false;
        media.Put = async (offset, inner) =>
        {
            if (offset == 1 << 20 && !isSecond)
            {
                isSecond = true;
                second = await SendAsync(alice, file);
            }

            return await inner();
        };
        MessageId first = await SendAsync(alice, file);
        Assert.NotEqual(first, second);
        await world.SettleAsync(3);
        MediaContent[] files = [.. bob.Messages.Select(message => Assert.IsType<MediaContent>(message.Content))];
        Assert.Equal(2, files.Length);
        Assert.All(files, content => Assert.Equal(files[0].Reference.MediaId, content.Reference.MediaId));
        Assert.All(await Task.WhenAll(files.Select(content => ReadAsync(bob, content.Reference))), read => Assert.Equal(file, read));
    }

    /// <summary>The file is read twice: first to know which upload it is, then to seal it. What changes between the two is no content of that upload.</summary>
    [Theory]
    [InlineData(Length, 10, 0)]
    [InlineData(Length, 2_000_000, 0)]
    [InlineData(Length, -1, 0)]
    [InlineData(Length, -1, 1)]
    [InlineData(Length, -1, 131_040)]
    [InlineData(Length, -1, -1)]
    [InlineData(Length, -1, -Length)]
    [InlineData(3 * 131_040, -1, 1)]
    [InlineData(3 * 131_040, -1, -131_040)]
    [InlineData(0, -1, 1)]
    public async Task What_changes_while_it_is_sent_never_leaves_and_the_file_as_it_was_can_be_sent_and_read_afterwards(
        int length, int changedAt, int longer)
    {
        (World world, TwistedMedia media, Member alice, Member bob) = await TwistedAsync();
        await using World own = world;
        byte[] file = File(length);
        byte[] changed = new byte[length + longer];
        file.AsSpan(0, Math.Min(file.Length, changed.Length)).CopyTo(changed);
        if (longer == 0)
        {
            changed[changedAt < 0 ? ^1 : changedAt] ^= 1;
        }

        media.Put = (offset, inner) => offset == 2 << 20 ? throw new E2EException(E2EError.RelayUnavailable) : inner();
        for (int i = 0; i < 2; i++)
        {
            E2EException refused = await Assert.ThrowsAsync<E2EException>(() => alice.Client.SendFileAsync(
                "bob", new Changing(file, changed), new FileDetails("film.bin", "application/octet-stream")));
            Assert.True(refused.Reason == E2EError.ContentChanged || (i == 0 && changedAt < 0 && refused.Reason == E2EError.RelayUnavailable));
            media.Put = (_, inner) => inner();
        }

        await SendAsync(alice, file);
        await world.SettleAsync(3);
        MediaContent content = Assert.IsType<MediaContent>(Assert.Single(bob.Messages).Content);
        Assert.Equal(file, await ReadAsync(bob, content.Reference));
    }

    /// <summary>Two clients over one copy of a store have the same keys for it: they seal the same bytes, or nothing.</summary>
    [Fact]
    public async Task Over_a_store_that_was_put_back_and_over_its_copy_no_segment_is_sealed_with_two_contents_under_one_nonce()
    {
        (World world, TwistedMedia media, Member alice, Member bob) = await TwistedAsync();
        await using World own = world;
        byte[] file = File();
        Dictionary<string, byte[]> parts = [];
        media.Put = (offset, inner) => offset == 1 << 20 ? throw new E2EException(E2EError.RelayUnavailable) : inner();
        media.Taken = (id, offset, part) =>
        {
            string place = $"{id} {offset}";
            Assert.True(parts.TryAdd(place, part) || parts[place].AsSpan().SequenceEqual(part));
        };
        await Assert.ThrowsAsync<E2EException>(() => SendAsync(alice, file));
        InMemoryStore copy = alice.Store.Copy();
        media.Begin = inner => Task.FromResult(0L);
        media.Put = (offset, inner) => Task.FromResult(Math.Min(offset + (1 << 20), MediaSealer.GetSealedLength(Length)));
        byte[] changed = [.. file];
        changed[2_000_000] ^= 1;
        foreach (InMemoryStore store in new[] { alice.Store, copy, alice.Store })
        {
            await alice.Client.DisposeAsync();
            alice.Store = store;
            await alice.RestartAsync();
            await Assert.ThrowsAsync<E2EException>(() => alice.Client.SendFileAsync(
                "bob", new Changing(file, changed), new FileDetails("film.bin", "application/octet-stream")));
            await SendAsync(alice, file);
        }

        Assert.InRange(parts.Count, 4, 12);
    }

    [Fact]
    public async Task An_upload_that_was_begun_under_a_clock_that_was_ahead_goes_too()
    {
        await using var world = new World();
        byte[] file = File();
        (Member alice, _, Func<BrokenLine> line) = await OverALineAsync(world);
        world.Clock.Advance(TimeSpan.FromDays(8));
        await BreakAsync(alice, file, line());
        world.Clock.Advance(-TimeSpan.FromDays(8));
        await alice.SyncAsync();
        await SendAsync(alice, file);
        Assert.Equal(2, line().Ledger.Count(taken => taken.Offset == 0));
    }

    [Fact]
    public async Task Details_outside_their_bounds_are_refused_before_anything_is_begun()
    {
        (World world, TwistedMedia media, Member alice, Member _) = await TwistedAsync();
        await using World own = world;
        media.Begin = _ => throw new InvalidOperationException("An upload was begun.");
        await world.SettleAsync(2);
        PulseChat pulse = await alice.Client.CreatePulseAsync("chat", ["bob"]);
        byte[] file = File(100);
        foreach (FileDetails details in new[]
        {
            new FileDetails("a.png", "image/png") { Caption = new string('x', MediaContent.MaxCaptionSize + 1) },
            new FileDetails("a.png", "image/png") { Caption = "\uD800" },
            new FileDetails("a.png", "image/png") { Caption = null! },
            new FileDetails("a.png", "image/png") { Thumbnail = new byte[MediaDescription.MaxThumbnailSize + 1] },
            new FileDetails("a.png", "image/png") { Kind = (MediaKind)5 },
            new FileDetails("a.png", "image/png") { Kind = 0 },
            new FileDetails("\uD800", "image/png"),
            new FileDetails("a.png", "\uD800"),
            new FileDetails(null!, "image/png"),
            new FileDetails("a.png", null!),
        })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(() => alice.Client.SendFileAsync("bob", new MemoryStream(file), details));
            await Assert.ThrowsAnyAsync<ArgumentException>(() => pulse.SendFileAsync(new MemoryStream(file), details));
        }
    }

    /// <summary>Where a stream stands behind its end, there is nothing to send.</summary>
    [Fact]
    public async Task A_position_behind_the_end_is_an_empty_file()
    {
        (World world, TwistedMedia _, Member alice, Member bob) = await TwistedAsync();
        await using World own = world;
        await alice.Client.SendFileAsync(
            "bob", new MemoryStream(File(10)) { Position = 11 }, new FileDetails("nothing.bin", "application/octet-stream"));
        await world.SettleAsync(3);
        MediaContent content = Assert.IsType<MediaContent>(Assert.Single(bob.Messages).Content);
        Assert.Empty(await ReadAsync(bob, content.Reference));
    }

    internal static byte[] File(int length = Length)
    {
        byte[] file = new byte[length];
        new Random(1).NextBytes(file);
        return file;
    }

    internal static Task<MessageId> SendAsync(Member member, byte[] file, string name = "film.bin") =>
        member.Client.SendFileAsync("bob", new MemoryStream(file), new FileDetails(name, "application/octet-stream"));

    internal static async Task<byte[]> ReadAsync(Member member, MediaReference reference)
    {
        await using Stream opened = await member.Client.OpenMediaAsync(reference);
        var read = new MemoryStream();
        await opened.CopyToAsync(read);
        return read.ToArray();
    }

    /// <summary>Two people who have accepted each other, of whom the first has a media store behind a line that can break; and the line, which is
    /// another one after each start.</summary>
    private static async Task<(Member Alice, Member Bob, Func<BrokenLine> Line)> OverALineAsync(World world)
    {
        BrokenLine? line = null;
        world.ThroughMedia = inner => line = new BrokenLine(inner, line?.Ledger ?? []);
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.RestartAsync();
        return (alice, bob, () => line!);
    }

    /// <summary>The line breaks behind the second part of a file.</summary>
    private static async Task BreakAsync(Member member, byte[] file, BrokenLine line)
    {
        line.BreakAt(2, 1.0);
        Assert.True(await Dying.DiesAsync(() => SendAsync(member, file)));
    }

    private static async Task<(World World, TwistedMedia Media, Member Alice, Member Bob)> TwistedAsync()
    {
        var world = new World();
        TwistedMedia? media = null;
        world.ThroughMedia = inner => media ??= new TwistedMedia(inner);
        (Member alice, Member bob) = await world.FriendsAsync();
        return (world, media!, alice, bob);
    }

    /// <summary>A file that somebody changes once it was read to its end.</summary>
    private sealed class Changing(byte[] first, byte[] then) : Stream
    {
        private bool _isChanged;
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => first.Length;

        public override long Position
        {
            get => _position;
            set => _position = (int)value;
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            byte[] now = _isChanged ? then : first;
            int read = Math.Min(count, Math.Max(0, now.Length - _position));
            now.AsSpan(_position, read).CopyTo(buffer.AsSpan(offset));
            _position += read;
            _isChanged |= read == 0 && count > 0;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    /// <summary>A media store over a line that breaks in the middle of a part; it notes which bytes it has taken.</summary>
    private sealed class BrokenLine(IMediaStore inner, List<(long Offset, int Count)> ledger) : IMediaStore
    {
        private int _left = int.MaxValue;
        private double _durable;

        public List<(long Offset, int Count)> Ledger => ledger;

        /// <param name="part">Which part from now on.</param>
        /// <param name="durable">How much of it is taken all the same.</param>
        public void BreakAt(int part, double durable) => (_left, _durable) = (part, durable);

        public Task<long> BeginPutAsync(ReadOnlyMemory<byte> mediaId, long length, CancellationToken cancellationToken = default) =>
            inner.BeginPutAsync(mediaId, length, cancellationToken);

        public async Task<long> PutAsync(
            ReadOnlyMemory<byte> mediaId, long offset, ReadOnlyMemory<byte> part, CancellationToken cancellationToken = default)
        {
            bool breaks = --_left == 0;
            ReadOnlyMemory<byte> taken = breaks ? part[..(int)(part.Length * _durable)] : part;
            long durable = offset;
            if (!taken.IsEmpty)
            {
                durable = await inner.PutAsync(mediaId, offset, taken, cancellationToken);
                ledger.Add((offset, taken.Length));
            }

            return breaks ? throw new E2EException(E2EError.RelayUnavailable) : durable;
        }

        public Task<long?> GetLengthAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default) =>
            inner.GetLengthAsync(mediaId, cancellationToken);

        public Task<int> GetAsync(
            ReadOnlyMemory<byte> mediaId, long offset, Memory<byte> destination, CancellationToken cancellationToken = default) =>
            inner.GetAsync(mediaId, offset, destination, cancellationToken);

        public Task DeleteAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default) =>
            inner.DeleteAsync(mediaId, cancellationToken);
    }
}
