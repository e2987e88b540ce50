using System.Security.Cryptography;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>FLOE byte by byte: figures that eng/floe-oracle.py, written from the specification's text alone and sharing no code with
/// the library, printed. Key and associated data are those of the specification's own known answers, which
/// eng/floe.sh opens: a zero key and "This is AAD". Long files are given by their SHA-256.</summary>
public sealed class FloeFigures
{
    public static TheoryData<string, int, int, int, string> Figures => new()
    {
        {
            "empty", 64, 20, 0,
            "000000000040000000202e1cfa82b035c26cbbbdae632cea070514eb8b773f616aaeaf668e2f0be8f10d9d44231c429d63c888bbe81d9fb344372559" +
            "2cf7aebee411a6adc8f8913f662f00000020d85c95585101fde11b662dc3bed781567cad186fe62b384c24203ce7"
        },
        {
            "one", 64, 20, 1,
            "000000000040000000207692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed1cc762a5d3679d5feafc7754aeec78041646" +
            "db55e3dcb589647e697bc413126100000021e7abe2e61cf7a65415f1757570ce53043160822f02a66b35071ee835fd"
        },
        {
            "full", 64, 20, 32,
            "00000000004000000020a18b869b2e81c0c529552a3c4fa5c92ed08b98a4e146aed778d71d27517f83ac458fed10c9aa3bb22c3dc5edbf2396b59ff6" +
            "a29d00bf6c1d67611a6b2b16933900000040d30d25fd0a2a5e7a2835d2d32e2277b695c4ad3b30f86e3de2700d90f2330b9d49771743a06576d2f91d" +
            "a0767b2bd2e0be8b8fe52ba62a7e13f25b84"
        },
        {
            "three", 64, 20, 67,
            "000000000040000000208b5b9db0c13db24256c829aa364aa90c6d2eba318b9232a4ab9313b954d3555f495cb512ad97fcb96363371f98c7dfbb5ade" +
            "563c2bb982fa9654f85a4049650dffffffff483fea35c6fa719608fade56ca97033675acd7e0d9a51abb621dee1751dc9062eeea1f7426f33f16242d" +
            "bd01264bdb4f7de196c33122c02e940eb039ffffffffbfc8c7865ff8599d88a29bd67aed9329c5a78b669f1e95c18611313432788227f8b7f6d78d30" +
            "89975d4762a1bf6a40cac8cc456004a1d63300e320af00000023e64d44ea26a4b1016a8fdc51e128cecfd0351140de076794aec536470b4b67"
        },
        {
            "rotation", 40, 2, 83,
            "00000000002800000020224610f102890bc0e40c49ffb456bb93d45a6dee88dc9a7bef351fa10d3f8582a607cc27d964b1a9b3828d73a1ea223a23cd" +
            "a6d128ef093c9bfeefaf09b26bb0ffffffff287add65b746ab7bb7c0e6069b49b8b575bbb455a3644ad209218ccccb0530c95de61181ffffffffcaec" +
            "9af39e42ae8ba907f7b7c1cfa286a42933351578a136e698a106223e9e2cbb0d5e52ffffffffccd28f956e52bde6ce27354fdf5ab4d486cdccd44b06" +
            "2f2a33385f641281c451aa868014ffffffff344c999bc810cce76a5eee92103c6ebb46e907638e4cf5888a6af95c012efb78ff92dc88ffffffffa5cb" +
            "b45a5367235f6bf61806a28252610a5fa8e93f7ff10171d7c5d525a79a2baf2bd236ffffffff848d4bef98d8c49358dc02185ef0befebfb5404dec4b" +
            "c509eec02f872df53ea24319f1c8fffffffff933dda90e8ec9193090238553d604e0930751a70e3f224999d19ba797d4f72ca85bfe32fffffffffda0" +
            "1b91d89696b83db20d28245017a3b06403bc2b0a0997eba234b56e569bc290bee144ffffffff910db16b644f9cc4828dcbce7a18e3528f2d9a27ce01" +
            "477e2491c444486ef23bf2330d6bffffffff62d4c214ea19df45d023510a886df6566445a9ce9e9d6a4bdbb4d3d9dddcdffedb8a70af00000023cec9" +
            "c111e39b816bec6257a3ec2d52ee88b82a87776ab46d3660051b52ceab"
        },
        {
            "4K", 4096, 20, 8131,
            "26e192088a992d28dd4ab65f0a2db7ec9844f83c8a95c1dec8e97a81e2219fe1"
        },
        {
            "1M", 1048576, 20, 2097091,
            "3fe4fdef863ee600d52348fb489763c8fbf3e038f5c2239ea0ce9312d0ca3c6b"
        },
    };

    [Theory]
    [MemberData(nameof(Figures))]
    public void Sealing_gives_the_same_bytes_as_the_second_implementation(
        string name, int segmentLength, int rotation, int length, string expected)
    {
        byte[] file = Seal(name, segmentLength, rotation, length);
        byte[] shown = expected.Length == 64 ? SHA256.HashData(file) : file;
        Assert.Equal(expected, Convert.ToHexStringLower(shown));
    }

    [Theory]
    [MemberData(nameof(Figures))]
    public void What_the_second_implementation_sealed_opens(
        string name, int segmentLength, int rotation, int length, string expected)
    {
        byte[] file = expected.Length == 64 ? Seal(name, segmentLength, rotation, length) : Convert.FromHexString(expected);
        var parameters = new FloeParameters(segmentLength, rotation);
        FloeLayout layout = FloeLayout.OfSealed(parameters, file.Length);
        using FloeState state = FloeState.Resume(new byte[32], parameters, "This is AAD"u8, file.AsSpan(0, 74));
        byte[] content = new byte[layout.PlaintextLength];
        FloeSpan.Open(state, layout, file, content);
        Assert.Equal(Content(length), content);
    }

    private static byte[] Seal(string name, int segmentLength, int rotation, int length)
    {
        byte[] label = System.Text.Encoding.ASCII.GetBytes(name);
        var parameters = new FloeParameters(segmentLength, rotation);
        FloeLayout layout = FloeLayout.OfPlaintext(parameters, length);
        using FloeState state = FloeState.Start(new byte[32], parameters, SHA256.HashData(label), "This is AAD"u8);
        using var cipher = new FloeSegmentCipher(state);
        byte[] content = Content(length);
        byte[] file = new byte[layout.SealedLength];
        state.Header.CopyTo(file);
        for (long position = 0; position < layout.Segments; position++)
        {
            byte[] number = new byte[8];
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(number, position);
            byte[] nonce = SHA256.HashData([.. label, .. number])[..12];
            Span<byte> segment = file.AsSpan((int)layout.OffsetOf(position), layout.SealedLengthOf(position));
            int from = (int)position * parameters.PlaintextLength;
            cipher.Seal(content.AsSpan(from, segment.Length - 32), position, layout.IsFinal(position), nonce, segment);
        }

        return file;
    }

    private static byte[] Content(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i % 251))];
}
