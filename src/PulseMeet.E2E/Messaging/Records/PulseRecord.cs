using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>What this device keeps of a pulse chat beside the group's own state: where it stands with the relay, and what is to be
/// done.</summary>
/// <remarks>Not thread-safe: read, changed and written within one unit of work.</remarks>
internal sealed class PulseRecord
{
    /// <summary>The most joins by itself in <see cref="RejoinWindow"/>.</summary>
    public const int MaxRejoins = 10;

    /// <summary>The most devices that are to be told at once which line this one is on.</summary>
    public const int MaxTold = 16;

    /// <summary>The most devices that are asked in turn: more than are heard in one page of a mailbox, so that each is asked once at least.</summary>
    public const int MaxAsked = 128;

    public static readonly TimeSpan RejoinWindow = TimeSpan.FromDays(1);

    private const byte Version = 4;

    /// <summary>Of before: it did not keep who was there.</summary>
    private const byte VersionWithoutAudience = 3;

    private readonly List<DateTimeOffset> _rejoins = [];

    /// <summary>Whether the relay knows the group.</summary>
    public bool IsRegistered { get; set; }

    /// <summary>Whether there may be candidates that were not looked at.</summary>
    public bool IsCatchUpWanted { get; set; }

    /// <summary>Whether this device is to come back by itself.</summary>
    public bool IsRejoinWanted { get; set; }

    /// <summary>Whether nothing has shown yet that this device is on the line of the others: its own commit, or that of the member who
    /// added it, may have lost to another.</summary>
    public bool IsProvisional { get; set; }

    /// <summary>Whether nobody who was there before has said yet that this device is on the line of the others. What opens may be of one that came
    /// onto the same line by itself: several who came back by the group info of a commit that lost read each other.</summary>
    public bool IsUnsure { get; set; }

    /// <summary>The last epoch of the line that it was on before it was unsure: the line that it is on may be further than that of the
    /// others.</summary>
    public ulong SureEpoch { get; set; }

    /// <summary>Whether it was a Welcome that it came in by, the last time.</summary>
    public bool IsByWelcome { get; set; }

    /// <summary>The key package that it came in by, in <see cref="RecordKey.KeyPackages"/>: kept until nothing is provisional any more, since
    /// a commit that lost is made anew with it. Empty for none.</summary>
    public byte[] Package { get; set; } = [];

    /// <summary>The highest number that was said before it came in: what was said since has to be said again where it comes in anew.</summary>
    public ulong SaidBefore { get; set; }

    /// <summary>Whether its account has asked to leave.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>Whether it was this device that asked.</summary>
    public bool HasAsked { get; set; }

    /// <summary>Whether this device cannot follow and cannot come back by itself; the app was told.</summary>
    public bool IsStalled { get; set; }

    /// <summary>Whether others are to be asked which line they are on: something did not open.</summary>
    public bool IsAskWanted { get; set; }

    /// <summary>When this device was out of it; null while it is in.</summary>
    public DateTimeOffset? ClosedAt { get; set; }

    /// <summary>The epoch in which this device came in, or came back: what was sealed before it is not for the keys that it has.</summary>
    public ulong FirstEpoch { get; set; }

    /// <summary>The last epoch that this device was in, also where it is out: a Welcome to an epoch up to there is one shown again.</summary>
    public ulong LastEpoch { get; set; }

    /// <summary>Who added this device, where it came in by a Welcome.</summary>
    public DeviceAddress? Inviter { get; set; }

    /// <summary>How many candidates of the current epoch were looked at.</summary>
    public int NextPlace { get; set; }

    /// <summary>Under which id the waiting commit goes up.</summary>
    public MessageId Offer { get; set; }

    /// <summary>When members were last told which line this device is on.</summary>
    public DateTimeOffset StatedAt { get; set; } = DateTimeOffset.UnixEpoch;

    /// <summary>When members were last asked which line they are on.</summary>
    public DateTimeOffset AskedAt { get; set; } = DateTimeOffset.UnixEpoch;

    /// <summary>One above the epoch of the fork that the app was told of last; 0 for none.</summary>
    public ulong ToldFork { get; set; }

    /// <summary>Whose commit this device could not follow, where that is why it comes back.</summary>
    public DeviceAddress? Cause { get; set; }

    /// <summary>SHA-256 of the Welcome by which it came in; zeros for none. The relay may show it again.</summary>
    public byte[] Welcome { get; set; } = new byte[Sha256.Size];

    /// <summary>Where this device's stream stood when a device came in. Devices that are not named were there from the first.</summary>
    public Dictionary<DeviceAddress, PulseBaseline> Baselines { get; } = [];

    /// <summary>Who was in the chat when this device was out of it, by the SHA-256 of what the device's leaf says that stays: what it has said is for
    /// them still, where it comes in again. Empty where it had said nothing.</summary>
    public Dictionary<DeviceAddress, byte[]> Audience { get; } = [];

    /// <summary>Members whose account key is another one than this device had remembered, and is looked at before anything is sent.</summary>
    public SortedSet<string> Unchecked { get; } = new(StringComparer.Ordinal);

    /// <summary>Devices that are to be told which line this one is on.</summary>
    public List<DeviceAddress> ToTell { get; } = [];

    /// <summary>Devices that are to be asked for the same: this one has heard them for the first time after it had come back.</summary>
    public List<DeviceAddress> ToAsk { get; } = [];

    /// <summary>Takes a device to be told. The devices of one account keep those of no other from it.</summary>
    public void AddToTell(DeviceAddress device) => Add(ToTell, device, MaxTold);

    /// <summary>Takes a device to be asked, likewise.</summary>
    public void AddToAsk(DeviceAddress device) => Add(ToAsk, device, MaxAsked);

    public bool IsOpen => ClosedAt is null;

    /// <summary>Whether it came in by itself the last time: it was in the chat before.</summary>
    public bool HasComeBack => !IsByWelcome && FirstEpoch > 0;

    /// <summary>The epoch from which on it comes back, where it is in another: forward only, from where it was last sure of its line.</summary>
    public ulong From(ulong epoch) => IsUnsure ? Math.Min(SureEpoch, epoch) : epoch;

    /// <summary>It follows after all: it does not come back by itself.</summary>
    public void Follow()
    {
        IsRejoinWanted = false;
        IsStalled = false;
        IsCatchUpWanted = true;
    }

    /// <summary>This device is out: what it has said was for those who are here until now.</summary>
    public void KeepAudience(Roster roster)
    {
        Audience.Clear();
        foreach ((_, PulseLeaf leaf) in roster.Devices)
        {
            Audience[leaf.Address] = Sha256.Hash(leaf.Identity);
        }
    }

    /// <summary>This device is in anew: what it had said is for those to whom it was said then, as far as it was, and for nobody else, since it
    /// does not know who has come meanwhile.</summary>
    /// <param name="before">The record of before, with its audience.</param>
    /// <param name="roster">Who is there now.</param>
    /// <param name="said">Where this device's stream stands.</param>
    public void TakeBaselines(PulseRecord? before, Roster roster, PulseBaseline said)
    {
        foreach ((_, PulseLeaf leaf) in roster.Devices)
        {
            bool wasThere = before is not null && before.Audience.TryGetValue(leaf.Address, out byte[]? identity)
                && PublicBytes.Equal(identity, Sha256.Hash(leaf.Identity));
            if (!wasThere)
            {
                Baselines[leaf.Address] = said;
            }
            else if (before!.Baselines.TryGetValue(leaf.Address, out PulseBaseline kept))
            {
                Baselines[leaf.Address] = kept;
            }
        }
    }

    /// <summary>What was said behind a number is sealed anew for all who are here now, also for those who came after it was said first.</summary>
    public void SayAnewFrom(MessageId streamId, ulong said)
    {
        foreach ((DeviceAddress device, PulseBaseline came) in Baselines.ToArray())
        {
            if (came.StreamId == streamId && came.Number > said)
            {
                Baselines[device] = new PulseBaseline(streamId, said);
            }
        }
    }

    /// <summary>Whether one more join by itself may be made now.</summary>
    public bool MayRejoin(DateTimeOffset now) => _rejoins.Count(at => now - at < RejoinWindow && at <= now) < MaxRejoins;

    /// <summary>Whether one more join by itself may be made now. One may; it is counted.</summary>
    public bool TryRejoin(DateTimeOffset now)
    {
        _rejoins.RemoveAll(at => now - at >= RejoinWindow || at > now);
        if (!MayRejoin(now))
        {
            return false;
        }

        _rejoins.Add(now);
        return true;
    }

    /// <summary>Where there is no room, the longest there of the account that has most of it goes.</summary>
    private static void Add(List<DeviceAddress> devices, DeviceAddress device, int most)
    {
        if (!devices.Contains(device))
        {
            devices.Add(device);
            FairShare.Keep(devices, most, other => other.UserId);
        }
    }

    public byte[] Encode()
    {
        RecordWriter writer = new RecordWriter()
            .Byte(Version)
            .Flag(IsRegistered).Flag(IsCatchUpWanted).Flag(IsRejoinWanted).Flag(IsProvisional).Flag(IsLeaving).Flag(IsStalled).Flag(IsAskWanted).Flag(HasAsked).Flag(IsByWelcome).Flag(IsUnsure)
            .Field(Package).UInt64(SaidBefore)
            .Flag(ClosedAt is not null).Time(ClosedAt ?? DateTimeOffset.UnixEpoch)
            .Int64(NextPlace)
            .Id(Offer)
            .Time(StatedAt).Time(AskedAt)
            .UInt64(ToldFork)
            .UInt64(FirstEpoch)
            .UInt64(LastEpoch)
            .UInt64(SureEpoch)
            .Flag(Cause is not null);
        if (Cause is not null)
        {
            writer.Address(Cause);
        }

        writer.Flag(Inviter is not null);
        if (Inviter is not null)
        {
            writer.Address(Inviter);
        }

        writer.Bytes(Welcome).Int64(Baselines.Count);
        foreach ((DeviceAddress device, PulseBaseline baseline) in Baselines.OrderBy(entry => entry.Key.UserId, StringComparer.Ordinal)
            .ThenBy(entry => entry.Key.DeviceId, StringComparer.Ordinal))
        {
            writer.Address(device).Id(baseline.StreamId).UInt64(baseline.Number);
        }

        writer.Texts([.. Unchecked]).Byte((byte)ToTell.Count);
        ToTell.ForEach(device => writer.Address(device));
        writer.Byte((byte)ToAsk.Count);
        ToAsk.ForEach(device => writer.Address(device));
        writer.Byte((byte)_rejoins.Count);
        _rejoins.ForEach(at => writer.Time(at));
        writer.Int64(Audience.Count);
        foreach ((DeviceAddress device, byte[] identity) in Audience.OrderBy(entry => entry.Key.UserId, StringComparer.Ordinal)
            .ThenBy(entry => entry.Key.DeviceId, StringComparer.Ordinal))
        {
            writer.Address(device).Bytes(identity);
        }

        return writer.ToArray();
    }

    public static PulseRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        byte version = reader.ReadByte();
        if (version is not (Version or VersionWithoutAudience))
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        var record = new PulseRecord
        {
            IsRegistered = reader.ReadBoolean(),
            IsCatchUpWanted = reader.ReadBoolean(),
            IsRejoinWanted = reader.ReadBoolean(),
            IsProvisional = reader.ReadBoolean(),
            IsLeaving = reader.ReadBoolean(),
            IsStalled = reader.ReadBoolean(),
            IsAskWanted = reader.ReadBoolean(),
            HasAsked = reader.ReadBoolean(),
            IsByWelcome = reader.ReadBoolean(),
            IsUnsure = reader.ReadBoolean(),
            Package = reader.ReadField(),
            SaidBefore = reader.ReadUInt64(),
        };
        bool isClosed = reader.ReadBoolean();
        DateTimeOffset closedAt = ContentReading.Milliseconds(ref reader);
        record.ClosedAt = isClosed ? closedAt : null;
        record.NextPlace = (int)reader.ReadInt64();
        record.Offer = reader.ReadId();
        record.StatedAt = ContentReading.Milliseconds(ref reader);
        record.AskedAt = ContentReading.Milliseconds(ref reader);
        record.ToldFork = reader.ReadUInt64();
        record.FirstEpoch = reader.ReadUInt64();
        record.LastEpoch = reader.ReadUInt64();
        record.SureEpoch = reader.ReadUInt64();
        record.Cause = reader.ReadBoolean() ? DeviceCertificate.ReadAddress(ref reader) : null;
        record.Inviter = reader.ReadBoolean() ? DeviceCertificate.ReadAddress(ref reader) : null;
        record.Welcome = reader.ReadBytes(Sha256.Size).ToArray();
        for (long left = reader.ReadInt64(); left > 0; left--)
        {
            record.Baselines.Add(DeviceCertificate.ReadAddress(ref reader), new PulseBaseline(reader.ReadId(), reader.ReadUInt64()));
        }

        record.Unchecked.UnionWith(reader.ReadTexts());
        for (int left = reader.ReadByte(); left > 0; left--)
        {
            record.ToTell.Add(DeviceCertificate.ReadAddress(ref reader));
        }

        for (int left = reader.ReadByte(); left > 0; left--)
        {
            record.ToAsk.Add(DeviceCertificate.ReadAddress(ref reader));
        }

        for (int left = reader.ReadByte(); left > 0; left--)
        {
            record._rejoins.Add(ContentReading.Milliseconds(ref reader));
        }

        for (long left = version == Version ? reader.ReadInt64() : 0; left > 0; left--)
        {
            record.Audience.Add(DeviceCertificate.ReadAddress(ref reader), reader.ReadBytes(Sha256.Size).ToArray());
        }

        reader.ExpectEnd();
        return record;
    }
}
