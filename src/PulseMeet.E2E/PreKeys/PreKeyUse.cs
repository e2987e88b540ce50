using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The prekeys that a first message names, locked while the handshake is under way. They are used up, and the message
/// remembered, only on <see cref="Commit"/>.</summary>
internal readonly ref struct PreKeyUse
{
    private readonly DevicePreKeys _preKeys;
    private readonly PreKeyNames _names;
    private readonly X25519PublicKey _ephemeralKey;
    private readonly FirstMessageSender _sender;
    private readonly Lock.Scope _scope;

    /// <exception cref="E2EException">As for <see cref="PreKeyVault.Select"/>.</exception>
    public PreKeyUse(DevicePreKeys preKeys, PreKeyNames names, X25519PublicKey ephemeralKey, FirstMessageSender sender)
    {
        _preKeys = preKeys;
        _names = names;
        _ephemeralKey = ephemeralKey;
        _sender = sender;
        _scope = preKeys.Lock.EnterScope();
        try
        {
            preKeys.DropRetired();
            Selected = preKeys.Vault.Select(names, ephemeralKey, sender);
        }
        catch
        {
            _scope.Dispose();
            throw;
        }
    }

    public PreKeyVault.Selection Selected { get; }

    public void Commit() => _preKeys.Vault.MarkUsed(_names, _ephemeralKey, _sender);

    public void Dispose() => _scope.Dispose();
}
