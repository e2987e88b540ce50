using PulseMeet.E2E;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace Guide;

/// <summary>How devices come and go.</summary>
internal static class MoreDevices
{
    public static async Task LinkAsync(E2EClient phone, E2EClient laptop, CancellationToken cancellationToken)
    {
        #region link
        using LinkRequest request = await laptop.RequestLinkAsync(cancellationToken);
        await phone.ApproveLinkAsync(request.Payload, cancellationToken); // read from the laptop's screen, as a QR code
        await laptop.CompleteLinkAsync(request, cancellationToken);
        #endregion
    }

    public static async Task HandOverAsync(E2EClient phone, E2EClient laptop, CancellationToken cancellationToken)
    {
        #region key
        using LinkKeyRequest request = await laptop.RequestAccountKeyAsync(cancellationToken);
        await phone.HandOverAccountKeyAsync("laptop", request.ToArray(), cancellationToken); // once its user has said so
        await laptop.TakeAccountKeyAsync(request, cancellationToken);
        #endregion
    }

    public static async Task ChangeKeyAsync(E2EClient phone, MasterKey next, CancellationToken cancellationToken)
    {
        #region master
        await phone.ChangeMasterKeyAsync(next, cancellationToken);
        #endregion
    }

    public static async Task<string> RemoveAsync(E2EClient phone, CancellationToken cancellationToken)
    {
        #region remove
        await phone.RemoveDeviceAsync("laptop", cancellationToken);
        #endregion
        #region replace
        using RecoveryKey next = await phone.ReplaceRecoveryKeyAsync(cancellationToken);
        #endregion
        return next.ToText();
    }

    public static async Task WipeAsync(E2EClient phone, CancellationToken cancellationToken)
    {
        #region wipe
        await phone.WipeAsync(cancellationToken);
        #endregion
    }

    public static async Task RecoverAsync(E2EClient newPhone, string typed, CancellationToken cancellationToken)
    {
        #region recover
        using RecoveryKey recovery = RecoveryKey.Parse(typed);
        await newPhone.RecoverAsync(recovery, cancellationToken);
        #endregion
    }
}
