using System.Security.Cryptography;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Handshake;

/// <summary>The key agreement of PQXDH, revision 3 (section 3.3): up to four X25519 agreements and one ML-KEM-768 secret.</summary>
/// <remarks>
/// Everything public that either side saw (both identities, every prekey, the ephemeral key, the ciphertext) is hashed into
/// a transcript; the transcript is part of the derivation and is the associated data of the whole session. A directory that
/// changes any of it leaves two sides that do not agree.
/// </remarks>
internal static class Pqxdh
{
    /// <summary>The longest input: the curve's prefix, four agreements and the post-quantum secret, in bytes.</summary>
    private const int MaxInput = 32 * 6;

    private static ReadOnlySpan<byte> TranscriptLabel => "PulseMeet-E2E v1 PQXDH X25519 SHA-256 ML-KEM-768 transcript"u8;

    private static ReadOnlySpan<byte> SecretsLabel => "PulseMeet-E2E v1 PQXDH X25519 SHA-256 ML-KEM-768 secrets"u8;

    /// <summary>The initiator's side: DH1 = DH(IKa, SPKb), DH2 = DH(EKa, IKb), DH3 = DH(EKa, SPKb), DH4 = DH(EKa, OPKb).</summary>
    public static HandshakeSecrets Initiate(
        DeviceIdentity own, X25519KeyPair ephemeral, PreKeyBundle peer, ReadOnlySpan<byte> kemSecret, ReadOnlySpan<byte> transcript)
    {
        Span<byte> input = stackalloc byte[MaxInput];
        int length = Begin(input);
        own.IdentityKey.Agree(peer.SignedPreKey.Key, Next(input, ref length));
        ephemeral.Agree(peer.Certificate.IdentityKey, Next(input, ref length));
        ephemeral.Agree(peer.SignedPreKey.Key, Next(input, ref length));
        if (peer.OneTimePreKey is not null)
        {
            ephemeral.Agree(peer.OneTimePreKey.Key, Next(input, ref length));
        }

        return Finish(input, length, kemSecret, transcript);
    }

    /// <summary>The responder's side of the same agreements.</summary>
    public static HandshakeSecrets Accept(
        DeviceIdentity own,
        X25519KeyPair signedPreKey,
        X25519KeyPair? oneTimePreKey,
        X25519PublicKey peerIdentityKey,
        X25519PublicKey peerEphemeralKey,
        ReadOnlySpan<byte> kemSecret,
        ReadOnlySpan<byte> transcript)
    {
        Span<byte> input = stackalloc byte[MaxInput];
        int length = Begin(input);
        signedPreKey.Agree(peerIdentityKey, Next(input, ref length));
        own.IdentityKey.Agree(peerEphemeralKey, Next(input, ref length));
        signedPreKey.Agree(peerEphemeralKey, Next(input, ref length));
        oneTimePreKey?.Agree(peerEphemeralKey, Next(input, ref length));
        return Finish(input, length, kemSecret, transcript);
    }

    /// <summary>Hashes all that both sides saw.</summary>
    /// <param name="initiator">The initiator's certificate.</param>
    /// <param name="responder">The responder's certificate.</param>
    /// <param name="preKeys">The prekeys that took part, as the first message names them.</param>
    /// <param name="signedPreKey">The responder's signed prekey.</param>
    /// <param name="kemPreKey">The responder's post-quantum prekey.</param>
    /// <param name="oneTimePreKey">The responder's one-time prekey, or null.</param>
    /// <param name="ephemeralKey">The initiator's ephemeral key.</param>
    /// <param name="kemCiphertext">The post-quantum ciphertext.</param>
    /// <param name="transcript">32 bytes, written.</param>
    public static void HashTranscript(
        DeviceCertificate initiator,
        DeviceCertificate responder,
        PreKeyNames preKeys,
        X25519PublicKey signedPreKey,
        MlKemPublicKey kemPreKey,
        X25519PublicKey? oneTimePreKey,
        X25519PublicKey ephemeralKey,
        ReadOnlySpan<byte> kemCiphertext,
        Span<byte> transcript)
    {
        var writer = new SpanWriter(stackalloc byte[4096]);
        writer.WriteField16(TranscriptLabel);
        writer.WriteField16(initiator.Identity);
        writer.WriteField16(responder.Identity);
        preKeys.Write(ref writer);
        writer.WriteBytes(signedPreKey.Span);
        writer.WriteBytes(kemPreKey.Span);
        writer.WriteField16(oneTimePreKey is null ? default : oneTimePreKey.Span);
        writer.WriteBytes(ephemeralKey.Span);
        writer.WriteBytes(kemCiphertext);
        Sha256.Hash(writer.WrittenSpan, transcript);
    }

    /// <summary>PQXDH, section 2.2: KM is preceded by F, 32 bytes of 0xff for curve25519.</summary>
    private static int Begin(Span<byte> input)
    {
        input[..32].Fill(0xff);
        return 32;
    }

    private static Span<byte> Next(Span<byte> input, ref int length)
    {
        Span<byte> next = input.Slice(length, 32);
        length += 32;
        return next;
    }

    private static HandshakeSecrets Finish(
        Span<byte> input, int length, ReadOnlySpan<byte> kemSecret, ReadOnlySpan<byte> transcript)
    {
        kemSecret.CopyTo(Next(input, ref length));
        var info = new SpanWriter(stackalloc byte[128]);
        info.WriteField16(SecretsLabel);
        info.WriteBytes(transcript);
        ReadOnlySpan<byte> zeroSalt = stackalloc byte[32];
        Span<byte> output = stackalloc byte[HandshakeSecrets.Size];
        Hkdf.DeriveKey(input[..length], zeroSalt, info.WrittenSpan, output);
        CryptographicOperations.ZeroMemory(input);
        var secrets = new HandshakeSecrets(transcript, output);
        CryptographicOperations.ZeroMemory(output);
        return secrets;
    }
}
