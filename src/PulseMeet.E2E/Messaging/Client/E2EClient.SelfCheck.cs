using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <content>Looking at itself.</content>
public sealed partial class E2EClient
{
    /// <summary>Looks at what secure key exchange rests on: primitives, own keys and certificate, a handshake in memory, and whether the
    /// relay shows this device's list and prekeys. Claims, publishes and stores nothing.</summary>
    /// <param name="cancellationToken">Stops waiting for the relay.</param>
    /// <returns>Every check; what fails is named, a relay that does not answer among it.</returns>
    /// <exception cref="InvalidOperationException">This device belongs to no account yet.</exception>
    public async Task<SecureKeyExchangeReport> VerifySecureKeyExchangeAsync(CancellationToken cancellationToken = default)
    {
        Engine engine = await OpenAsync(cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> expected;
        using (await engine.Core.Gates.EnterAsync([Gates.PreKeys], cancellationToken).ConfigureAwait(false))
        {
            expected = engine.Core.PreKeys.PublicationHash;
        }

        return await new SecureKeyExchangeVerifier(_time)
            .VerifyAsync(engine.Core.Identity, engine.Core.Relay, expected, cancellationToken).ConfigureAwait(false);
    }
}
