using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Messaging;

/// <content>What an app asks for: which chats there are, and who is in one.</content>
internal sealed partial class Pulses
{
    /// <summary>The chats that this device is in.</summary>
    public async Task<IReadOnlyList<PulseId>> ReadAllAsync(bool withClosed, CancellationToken cancellationToken)
    {
        var all = new List<PulseId>();
        byte[] after = [];
        while (await _core.Store.ScanAsync(RecordKey.Pulses, after, default, 200, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            after = page[^1].Key.ToArray();
            all.AddRange(page.Where(item => withClosed || PulseRecord.Decode(item.Value).IsOpen).Select(item => RecordKey.ToPulse(item.Key.Span)));
        }

        return all;
    }

    public async Task<bool> IsKnownAsync(PulseId id, CancellationToken cancellationToken) =>
        await _core.Store.ReadAsync(RecordKey.Pulses, id.ToArray(), cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>The chat as it is now, by its own tree.</summary>
    public Task<PulseRoster> GetRosterAsync(PulseId id, CancellationToken cancellationToken) => _core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            OpenPulse pulse = await work.PulseAsync(id).ConfigureAwait(false) ?? throw new E2EException(E2EError.MlsGroupClosed);
            PulseGroup group = pulse.Group ?? throw new E2EException(E2EError.MlsGroupClosed);
            bool isClosed = !pulse.Record.IsOpen || group.IsRemoved;
            var members = new List<PulseMember>();
            var contacts = new List<ContactVerification>();
            IEnumerable<RosterAccount> accounts = isClosed ? [] : group.Roster.Accounts;
            foreach (RosterAccount account in accounts.OrderBy(account => account.UserId, StringComparer.Ordinal))
            {
                var key = new Keys.Ed25519PublicKey(account.AccountKey);
                UserRecord? user = await work.UserAsync(account.UserId).ConfigureAwait(false);
                ContactVerification contact = user?.Contact.Observe(key, work.Now)
                    ?? ContactVerification.FirstSeen(new AccountIdentity(account.UserId, key), work.Now);
                bool isSelf = account.UserId == _core.Address.UserId;
                if (!isSelf)
                {
                    contacts.Add(contact);
                }

                members.Add(new PulseMember(
                    account.UserId,
                    (PulseRole)group.Data.RoleOf(account.UserId),
                    [.. account.Devices.Select(device => device.Leaf.Address.DeviceId).Order(StringComparer.Ordinal)],
                    isSelf || contact.State == VerificationState.Verified,
                    isSelf));
            }

            PulseSuite suite = group.Suite == MlsSuite.X25519Aes128 ? PulseSuite.X25519 : PulseSuite.XWing;
            return new PulseRoster(group.Data.Name, PulseRights.Of(group.Data.Rights), suite, members, new MemberVerification(contacts), isClosed);
        },
        cancellationToken);
}
