using PulseMeet.E2E.Media;
using PulseMeet.E2E.Relay;

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
            (Member alice, Member bob, Func<BrokenLine> line) = await OverALineAsync(world);
            byte[] file = File();
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
            Assert.Equal(file, await ReadAsync(bob, content));
        }

        Assert.InRange(parts, 4, 6);
    }

    [Fact]
    public async Task Another_content_another_name_or_another_user_is_another_upload_and_so_is_the_same_file_once_it_was_sent()
    {
        await using var world = new World();
        byte[] file = File();
        (Member alice, Member bob, _) = await BreakAsync(world, file);

        byte[] changed = [.. file];
        changed[10] ^= 1;
        await SendAsync(alice, changed);
        await SendAsync(alice, file, "another.bin");
        await SendAsync(alice, file);
        await SendAsync(alice, file);
        await world.SettleAsync(3);

        MediaContent[] files = [.. bob.Messages.Select(message => (MediaContent)message.Content)];
        Assert.Equal(4, files.Select(content => content.Reference.MediaId).Distinct().Count());
        for (int i = 0; i < files.Length; i++)
        {
            Assert.Equal(i == 0 ? changed : file, await ReadAsync(bob, files[i]));
        }
    }

    [Fact]
    public async Task After_seven_days_an_upload_is_begun_anew()
    {
        await using var world = new World();
        byte[] file = File();
        (Member alice, _, BrokenLine line) = await BreakAsync(world, file);
        world.Clock.Advance(TimeSpan.FromDays(8));
        await alice.SyncAsync();
        await SendAsync(alice, file);
        Assert.Equal(2, line.Ledger.Count(taken => taken.Offset == 0));
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

    private static byte[] File()
    {
        byte[] file = new byte[Length];
        new Random(1).NextBytes(file);
        return file;
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

    /// <summary>The same, and the line has broken behind the second part of a file.</summary>
    private static async Task<(Member Alice, Member Bob, BrokenLine Line)> BreakAsync(World world, byte[] file)
    {
        (Member alice, Member bob, Func<BrokenLine> line) = await OverALineAsync(world);
        line().BreakAt(2, 1.0);
        Assert.True(await Dying.DiesAsync(() => SendAsync(alice, file)));
        return (alice, bob, line());
    }

    private static async Task<byte[]> ReadAsync(Member member, MediaContent content)
    {
        await using Stream opened = await member.Client.OpenMediaAsync(content.Reference);
        var read = new MemoryStream();
        await opened.CopyToAsync(read);
        return read.ToArray();
    }

    private static Task<MessageId> SendAsync(Member member, byte[] file, string name = "film.bin") =>
        member.Client.SendFileAsync("bob", new MemoryStream(file), new FileDetails(name, "application/octet-stream"));

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
