namespace PulseMeet.E2E.Relay;

/// <summary>The bodies of docs/protocol-http.md that have more than one field, in both directions.</summary>
internal static class RelayWire
{
    public static byte[] Write(Action<WireWriter> write)
    {
        var writer = new WireWriter();
        write(writer);
        return writer.ToArray();
    }

    public static T Read<T>(ReadOnlyMemory<byte> body, WireReader.Reading<T> read)
    {
        var reader = new WireReader(body);
        T value = read(ref reader);
        reader.ExpectEnd();
        return value;
    }

    public static void Write(WireWriter writer, ClaimedBundles claimed)
    {
        writer.Field(claimed.DeviceList);
        writer.Many(claimed.Bundles, bundle =>
        {
            writer.Text(bundle.Key);
            writer.Field(bundle.Value);
        });
    }

    public static ClaimedBundles ReadClaimed(ref WireReader reader)
    {
        ReadOnlyMemory<byte> list = reader.Field();
        Dictionary<string, ReadOnlyMemory<byte>> bundles = [];
        foreach ((string deviceId, ReadOnlyMemory<byte> bundle) in reader.Many(
            RelayLimits.MaxRequestItems, static (ref WireReader bundle) => (bundle.Text(), bundle.Field())))
        {
            if (!bundles.TryAdd(deviceId, bundle))
            {
                throw new E2EException(E2EError.InvalidEncoding, "A device stands twice.");
            }
        }

        return new(list, bundles);
    }

    public static void Write(WireWriter writer, PreKeyStatus status)
    {
        writer.UInt32(status.OneTimePairs);
        writer.UInt32(status.KeyPackages);
        writer.Field(status.PublicationHash);
    }

    public static PreKeyStatus ReadStatus(ref WireReader reader) => new(reader.Int32(), reader.Int32(), reader.Field());

    public static void Write(WireWriter writer, MailboxRequest request)
    {
        writer.UInt32(request.Max);
        writer.UInt32((int)request.Wait.TotalMilliseconds);
        writer.Int64(request.StoreRevision);
        writer.Ids(request.ExceptIds);
    }

    public static MailboxRequest ReadMailboxRequest(ref WireReader reader) => new(
        reader.Int32(), TimeSpan.FromMilliseconds(reader.Int32()), reader.Int64(), reader.Ids(RelayRequest.MaxPage));

    public static void Write(WireWriter writer, MailboxPage page)
    {
        writer.Int64(page.HighestStoreRevision);
        writer.Many(page.Items, item => Write(writer, item));
    }

    public static MailboxPage ReadPage(ref WireReader reader)
    {
        long revision = reader.Int64();
        return new(reader.Many(RelayRequest.MaxPage, ReadItem), revision);
    }

    public static void Write(WireWriter writer, MailboxItem item)
    {
        writer.Int64(item.Id);
        writer.Byte((byte)item.Kind);
        writer.Address(item.Sender);
        writer.Field(item.GroupId);
        writer.Bytes(item.EnvelopeId);
        writer.Int64(item.ArrivedAt.ToUnixTimeMilliseconds());
        writer.Field(item.Content);
    }

    public static MailboxItem ReadItem(ref WireReader reader) => new(
        reader.Int64(), (MailboxItemKind)reader.Byte(), reader.Address(), reader.Field(), reader.Bytes(RelayRequest.IdSize), ReadTime(ref reader), reader.Field());

    public static void Write(WireWriter writer, GroupCommit commit)
    {
        writer.Field(commit.GroupId);
        writer.UInt64(commit.Epoch);
        writer.Bytes(commit.Id);
        writer.Field(commit.Commit);
        writer.Many(commit.Welcomes, writer.Envelope);
        writer.Many(commit.Removed, writer.Address);
        writer.Field(commit.GroupInfo);
        writer.Field(commit.Tree);
    }

    public static GroupCommit ReadCommit(ref WireReader reader) => new(
        reader.Field(),
        reader.UInt64(),
        reader.Bytes(RelayRequest.IdSize),
        reader.Field(),
        reader.Many(RelayLimits.MaxRequestItems, static (ref WireReader welcome) => welcome.Envelope()),
        reader.Many(RelayLimits.MaxRequestItems, static (ref WireReader removed) => removed.Address()),
        reader.Field(),
        reader.Field());

    public static void Write(WireWriter writer, GroupCandidate candidate)
    {
        writer.UInt64(candidate.Epoch);
        writer.UInt32(candidate.Place);
        writer.Address(candidate.Sender);
        writer.Field(candidate.Commit);
    }

    public static GroupCandidate ReadCandidate(ref WireReader reader) =>
        new(reader.UInt64(), reader.Int32(), reader.Address(), reader.Field());

    public static void Write(WireWriter writer, GroupMessage message)
    {
        writer.Field(message.GroupId);
        writer.UInt64(message.Epoch);
        writer.Bytes(message.Id);
        writer.Field(message.Content);
    }

    public static GroupMessage ReadMessage(ref WireReader reader) =>
        new(reader.Field(), reader.UInt64(), reader.Bytes(RelayRequest.IdSize), reader.Field());

    private static DateTimeOffset ReadTime(ref WireReader reader)
    {
        try
        {
            return DateTimeOffset.FromUnixTimeMilliseconds(reader.Int64());
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A time is out of range.");
        }
    }
}
