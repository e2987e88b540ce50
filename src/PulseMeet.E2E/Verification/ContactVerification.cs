using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Verification;

/// <summary>What is remembered of a contact: the account key, whether it was verified, and whether a change of it waits to be
/// accepted.</summary>
/// <remarks>Each step gives a new record. No key but the one that was compared is ever verified: a change clears the mark, also one back
/// to an earlier key (attack 39). docs/protocol-verification.md, "Contact record". Immutable and thread-safe.</remarks>
public sealed record ContactVerification
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxEncodedSize = 1 + 2 + DeviceAddress.MaxIdSize + Ed25519PublicKey.KeySize + 1 + 1 + 8;

    private const byte Version = 1;

    private ContactVerification(AccountIdentity account, VerificationState state, bool isChangePending, DateTimeOffset since)
    {
        Account = account;
        State = state;
        IsChangePending = isChangePending;
        Since = DateTimeOffset.FromUnixTimeSeconds(since.ToUnixTimeSeconds());
    }

    /// <summary>The contact, under the account key seen last.</summary>
    public AccountIdentity Account { get; }

    /// <summary>Whether that key was compared.</summary>
    public VerificationState State { get; }

    /// <summary>Whether the key changed and nobody has accepted that.</summary>
    public bool IsChangePending { get; }

    /// <summary>When the record last changed, in whole seconds.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>The first key seen of a contact: trusted, and not verified.</summary>
    /// <param name="account">The contact.</param>
    /// <param name="now">The time.</param>
    public static ContactVerification FirstSeen(AccountIdentity account, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(account);
        return new(account, VerificationState.Unverified, isChangePending: false, now);
    }

    /// <summary>Takes note of the account key that a certificate or a device list shows.</summary>
    /// <param name="accountKey">The key seen.</param>
    /// <param name="now">The time.</param>
    /// <returns>This record where the key is the known one; else one with the new key, the mark cleared, and the change
    /// pending.</returns>
    public ContactVerification Observe(Ed25519PublicKey accountKey, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(accountKey);
        return accountKey == Account.AccountKey
            ? this
            : new(
                new(Account.UserId, accountKey),
                State == VerificationState.Unverified ? VerificationState.Unverified : VerificationState.ChangedSinceVerified,
                isChangePending: true,
                now);
    }

    /// <summary>Accepts a change without comparing: sending goes on, unverified.</summary>
    /// <param name="accountKey">The key that the user was shown.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="E2EException">The key has changed again since (<see cref="E2EError.WrongIdentity"/>).</exception>
    public ContactVerification Accept(Ed25519PublicKey accountKey, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(accountKey);
        return accountKey != Account.AccountKey ? throw new E2EException(E2EError.WrongIdentity)
            : IsChangePending ? new(Account, VerificationState.Unverified, isChangePending: false, now)
            : this;
    }

    /// <summary>Marks the contact as verified, which accepts a change too.</summary>
    /// <param name="own">One's own account.</param>
    /// <param name="compared">The number that both people saw: of these two accounts, or nothing is marked.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="ArgumentException">The contact is oneself.</exception>
    /// <exception cref="E2EException">The number is another one: mistyped, or of an account key that has changed since
    /// (<see cref="E2EError.SafetyNumberMismatch"/>).</exception>
    public ContactVerification MarkVerified(AccountIdentity own, SafetyNumber compared, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(compared);
        return compared.Equals(SafetyNumber.Of(own, Account))
            ? new(Account, VerificationState.Verified, isChangePending: false, now)
            : throw new E2EException(E2EError.SafetyNumberMismatch);
    }

    /// <summary>Takes the mark away. A pending change stays pending.</summary>
    /// <param name="now">The time.</param>
    public ContactVerification ClearVerified(DateTimeOffset now) =>
        State == VerificationState.Verified ? new(Account, VerificationState.Unverified, IsChangePending, now) : this;

    /// <summary>Whether sending to the contact has to wait until the app accepts or verifies the new key.</summary>
    /// <param name="policy">When it stops.</param>
    public bool IsSendingStopped(KeyChangePolicy policy) => IsChangePending && policy switch
    {
        KeyChangePolicy.GoOn => false,
        KeyChangePolicy.StopWhereVerified => State == VerificationState.ChangedSinceVerified,
        _ => true,
    };

    /// <summary>The record, for the device's sealed store.</summary>
    public byte[] Encode()
    {
        var writer = new SpanWriter(stackalloc byte[MaxEncodedSize]);
        writer.WriteByte(Version);
        writer.WriteText16(Account.UserId);
        writer.WriteBytes(Account.AccountKey.Span);
        writer.WriteByte((byte)State);
        writer.WriteBoolean(IsChangePending);
        writer.WriteInt64(Since.ToUnixTimeSeconds());
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> gave.</summary>
    /// <param name="encoded">The record, and nothing behind it.</param>
    /// <exception cref="E2EException">Malformed, or a state that no steps lead to (<see cref="E2EError.InvalidEncoding"/>), a later
    /// version (<see cref="E2EError.UnsupportedVersion"/>), or a bad key (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static ContactVerification Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        string userId = DeviceCertificate.ReadId(ref reader);
        var accountKey = Ed25519PublicKey.FromBytes(reader.ReadBytes(Ed25519PublicKey.KeySize));
        var state = (VerificationState)reader.ReadByte();
        bool isChangePending = reader.ReadBoolean();
        DateTimeOffset since = UnixTime.Read(ref reader);
        reader.ExpectEnd();
        bool isPossible = state == VerificationState.Unverified
            || isChangePending == (state == VerificationState.ChangedSinceVerified);
        if (state > VerificationState.ChangedSinceVerified || !isPossible)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Not the record of a contact.");
        }

        return new(new(userId, accountKey), state, isChangePending, since);
    }
}
