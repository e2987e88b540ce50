using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>Asks the relay for what is needed to have an account's devices in a group: the list, and key packages.</summary>
/// <remarks>The list is taken note of like any other: pinned account keys count, and changes are told. A key package that is out of its time,
/// or is none of a listed device's, is passed over.</remarks>
internal sealed class PulseInvitations(ClientCore core, DeviceLists lists)
{
    /// <summary>How often the relay is asked again where what it gave is of no use: more than a device publishes.</summary>
    private const int MaxClaims = PulseKeys.Packages + 2;

    /// <summary>What is needed to add an account. No turn may be held.</summary>
    /// <exception cref="E2EException">Nobody knows the user, or none of the user's devices can be added
    /// (<see cref="E2EError.UnknownDevice"/>); the contact is blocked (<see cref="E2EError.NotAllowed"/>); the account key has changed
    /// and was not accepted (<see cref="E2EError.AccountKeyChanged"/>); or the relay cannot be reached.</exception>
    public async Task<Invitee> InviteAsync(string userId, MlsSuite suite, CancellationToken cancellationToken)
    {
        (UserRecord user, List<byte[]> keyPackages) = await ClaimAsync(userId, suite, _ => true, Standing.Accepted, cancellationToken).ConfigureAwait(false);
        if (user.Standing == Standing.Blocked)
        {
            throw new E2EException(E2EError.NotAllowed, "The contact is blocked.");
        }

        if (user.Contact.IsSendingStopped(core.Options.KeyChangePolicy))
        {
            throw new E2EException(E2EError.AccountKeyChanged, "It has to be accepted before the contact is added.");
        }

        return keyPackages.Count > 0
            ? new Invitee(user.List.Encode(), keyPackages)
            : throw new E2EException(E2EError.UnknownDevice, "The user has no device that can be added.");
    }

    /// <summary>A user's newest list with key packages for the devices that are wanted. No turn may be held.</summary>
    public async Task<(UserRecord User, List<byte[]> KeyPackages)> ClaimAsync(
        string userId, MlsSuite suite, Func<DeviceCertificate, bool> isWanted, Standing standing, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (int i = 0; ; i++)
        {
            ClaimedBundles claimed = await core.Relay.ClaimKeyPackagesAsync(userId, cancellationToken).ConfigureAwait(false);
            UserRecord user = await core.ChangeAsync(
                [Gates.User(userId)],
                async work => await lists.ApplyAsync(work, userId, claimed.DeviceList.ToArray(), standing).ConfigureAwait(false),
                cancellationToken).ConfigureAwait(false) ?? throw new E2EException(E2EError.UnknownDevice);
            DeviceCertificate[] missing =
                [.. user.List.Devices.Where(device => device.Address != core.Address && isWanted(device) && !found.ContainsKey(device.Address.DeviceId))];
            foreach (DeviceCertificate device in missing)
            {
                if (claimed.Bundles.TryGetValue(device.Address.DeviceId, out ReadOnlyMemory<byte> package)
                    && Choose(package, user.List, device, suite) is { } message)
                {
                    found.Add(device.Address.DeviceId, message);
                }
            }

            // Again where something came that could not be used: behind it there may be something better.
            bool isMore = missing.Any(device => !found.ContainsKey(device.Address.DeviceId) && claimed.Bundles.ContainsKey(device.Address.DeviceId));
            if (!isMore || i + 1 >= MaxClaims)
            {
                return (user, [.. found.Where(entry => user.List.Find(entry.Key) is not null).Select(entry => entry.Value)]);
            }
        }
    }

    private byte[]? Choose(ReadOnlyMemory<byte> package, DeviceList list, DeviceCertificate device, MlsSuite suite)
    {
        try
        {
            var known = KnownList.Verify(list.Encode());
            foreach (byte[] message in PulsePackage.ReadKeyPackages(package.Span))
            {
                KeyPackage keyPackage = MlsMessage.Decode<KeyPackage>(message);
                if (keyPackage.Suite != suite.Id)
                {
                    continue;
                }

                var leaf = PulseLeaf.Of(keyPackage.Leaf);
                keyPackage.Validate(suite);
                if (leaf.Address == device.Address && known.Has(leaf) && known.Allows(leaf.List) && keyPackage.Leaf.Lifetime.Contains(core.Time.GetUtcNow()))
                {
                    return message;
                }
            }
        }
        catch (E2EException)
        {
            // Junk of the relay, or of the device: passed over.
        }

        return null;
    }
}
