using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Identity;

/// <summary>The answer to a linking request: certificate and device list, sealed to the request's key and authenticated with its secret,
/// which the relay never sees. docs/protocol-linking.md, "Linking answer".</summary>
internal static class LinkAnswerSeal
{
    private const byte Version = 1;
    private const int HeaderSize = 1 + LinkPayload.IdSize;

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 link answer"u8;

    public static byte[] Seal(LinkPayload request, DeviceCertificate certificate, DeviceList devices)
    {
        byte[] list = devices.Encode();
        byte[] certificateBytes = certificate.Encode();
        byte[] content = new byte[2 + certificateBytes.Length + 4 + list.Length];
        var writer = new SpanWriter(content);
        writer.WriteField16(certificateBytes);
        writer.WriteField32(list);
        writer.ExpectFull();
        byte[] sealedContent = Hpke.Seal(request.AnswerKey, Label, request.Hash, content);
        byte[] answer = [Version, .. request.Id, .. sealedContent, .. new byte[HashFunction.Sha256.Size]];
        Authenticate(request, answer.AsSpan(0, answer.Length - HashFunction.Sha256.Size), answer.AsSpan(answer.Length - HashFunction.Sha256.Size));
        return answer;
    }

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), to another request (<see cref="E2EError.LinkRefused"/>), or by somebody who has not
    /// seen the request, or changed (<see cref="E2EError.NotAuthentic"/>).</exception>
    public static (DeviceCertificate Certificate, DeviceList Devices) Open(LinkPayload request, X25519KeyPair answerKey, ReadOnlySpan<byte> answer)
    {
        var reader = new SpanReader(answer);
        reader.ExpectVersion(Version);
        if (!PublicBytes.Equal(reader.ReadBytes(LinkPayload.IdSize), request.Id))
        {
            throw new E2EException(E2EError.LinkRefused, "The answer is to another request.");
        }

        if (reader.Remaining < Hpke.Overhead + HashFunction.Sha256.Size)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Too short.");
        }

        Span<byte> tag = stackalloc byte[HashFunction.Sha256.Size];
        Authenticate(request, answer[..^tag.Length], tag);
        if (!ConstantTime.AreEqual(tag, answer[^tag.Length..]))
        {
            throw new E2EException(E2EError.NotAuthentic);
        }

        byte[] content = Hpke.Open(answerKey, Label, request.Hash, answer[HeaderSize..^tag.Length]);
        var contentReader = new SpanReader(content);
        DeviceCertificate certificate = DeviceCertificate.Decode(contentReader.ReadField16());
        DeviceList devices = DeviceList.Decode(contentReader.ReadField32(DeviceList.MaxEncodedSize));
        contentReader.ExpectEnd();
        return (certificate, devices);
    }

    private static void Authenticate(LinkPayload request, ReadOnlySpan<byte> answer, Span<byte> tag) =>
        HashFunction.Sha256.Mac(request.Secret, LabelledContent.Of(Label, [.. request.Hash, .. answer]), tag);
}
