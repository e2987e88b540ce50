using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>The short known answers of the FLOE specification (Snowflake-Labs/floe-specification, kats; the same figures are in the
/// tests of jedisct1/zig-floe): other implementations sealed these files. eng/floe.sh opens the whole folder.</summary>
public sealed class FloeKnownAnswers
{
    public static TheoryData<string, int, int, string, string> Answers => new()
    {
        {
            "GCM256_IV256_64", 64, 20,
            "b7f54726b914b689881ab315b032a633b452c1c59a43f430c1cc00a39d1a5eb4773dbc6b5f26255e0d3714694c9c9ffbfa8adb998aecbb" +
            "0601a4cade83764b8b13ccaa",
            "00000000004000000020b57c157a4855bdb2500cf55af49648e0fea0bfbac93407bc6b4fca9c471b018f869339a3eccec33fe43c2e124c" +
            "aadbf083e53390f9b2f1cd5d612cd50f2592affffffffff10bc888c8e6f0c6308feb9143a161347a94ac632e2381acb5f2fca4b554bc0a" +
            "2eb47bfea26edda9ec26298b797ebda8571cb28e1d9ccb59687c2e78ffffffff829f847d58257efdd08766aebb6ada17795c39605acbc6" +
            "83928f2e7e822916147be7af0aa19f1d7e32b3d9038ee437dc566cf8980df2b85e9037a19d000000236ddde6266ddd8519ccb76228f492" +
            "9eca37ca5c2df92a1b2004d615f191ad7d"
        },
        {
            "GCM256_IV256_64, another", 64, 20,
            "060704a0818fd875cdcd46c1a0f04c256a4d82f92b2d84b4db172e8e816a2caeb895102aa8f21d4cdd5a076bf66c179729b0de8cbf4adc" +
            "e527bc9d0042da3b78c101401ce078b1419c08167df00aecf21588e179ca7e340e8080ed6c3eea03b6d78007fc25994758c355b82b4150" +
            "92f15f79a49473d9f5a3e9f74ea099b897b1b5cb8b",
            "000000000040000000201a07d077d2a8a5440beb942a1f9de0c7bbe37703a3534ef6c5df8a07fa435c91be615d25a403b2c509af546c74" +
            "d6d4f9f4a77c7705b10618eb88f0bfb2437f6cffffffff01274defbffdd8af94328d2986504b084e0a8376cef4222ab2510f67ddc540cc" +
            "b1b868a2d16b107689a44504cb1e4d0184ad30aeb54a1e1249e8cd33ffffffff985053251020b53fb281b58e5dbe47dac42d75120439b1" +
            "7b9e76b2d35116a8aca15b0d234d9447141d697f47058bdf3be07d9903b6f8b92ba0b523a5ffffffff0847ca28d5904b3d0d697890a36c" +
            "5f46ada10a7cb85194808424948e0391459be072a2db0c18403cef2d0a276a5440410c8fb11b554764eff1f5f956ffffffff87fa4535fe" +
            "d0721460160ada080fc574641fdf6ea4216ce5510c1eca0749e30a28e74763ee8495f65350851f8badb9e9e04a40b29efe41972f16b153" +
            "00000023b42ad157c2a14839fa5715e1320ecc03d9de26942829633521bce691be01f7"
        },
        {
            "rotation", 40, 2,
            "baec5a3d05e96837d3672de18881ddf7454528cf2c8e604dc09e5e08c3233bba59f8c0359db60547ef988903e36bcc80dce0f693c04c75" +
            "7a664e030246b15bccf6309663d5264d22654b0f86616d6c4c6611fa",
            "00000000002800000020610a063caa02c2dc556e770a48209279c8e50c9ed036c75318c4d49ac3f56c42fca17e47d1c4ff0a3ffdb011c0" +
            "9edf1a23d939f8bd9fe75f3855136049c63cacfffffffffcef546df28fc7832bb0a54d1cd3d7441134dc55d2626273a66b6049d5f9b751" +
            "3f5ee67dfffffffff63eecd7ca42bc1fbddc08ded336741aba7eb620787e940b510d3bedb88026de49a15e2affffffff480fe016d8a3d3" +
            "ce5001cbae97a24a39afba66575728fce3d1bc764aae2e6725adfa7c8dffffffffa595b5f465389875ad0e2819f9d77302de4a9f21d547" +
            "9f3d618b5f94c83d61ca173a56faffffffffc8a81a1686ee058082ce79da0b749fb598fcb94eff598f45935f3c7401ddc89d4d10a686ff" +
            "ffffffe8c16f5df03c2de4fbbf6148865af82f8fd0a997211d332671ba5bd5fe52192deb913210ffffffff8772fe21691f21c16316d39f" +
            "1434c568aa5e7f907723079d18abc7e9badc7704031aa4acffffffff53617a2d9306fe824c7eebd6f4bd4f14ce53821b9cfd5bd18c26d7" +
            "2e528219a1f4f21df1ffffffff08aea31e3dbf99daf7641702522e66892d8e6ad4feb966285cdfe2cdbcb9408f27ccf0fdffffffff8233" +
            "aa972c0ea26937e93d66be01ccd001ce5a418ab97feeac6660cbef42c9cb51e9247300000023c10574a601b813286915cb7cbe536c736b" +
            "e345830006e66e79ba4cde058e58"
        },
        {
            "rotation, another", 40, 2,
            "1c79058d26a13b0cac41256ca000c75b8938f2378c76e2d01308d9a9e2240ea4d30086565a748049fa45efcbdaf51c317f3f403747b09f" +
            "856e4e516624906a347a2bae2a5079576eb340ac4367611439c40d54",
            "00000000002800000020bcff1ac58da5913ecd816a609cd111829060413f4e6fc975fcd7924865bf57e8ce413a9820327c6cb03a613b92" +
            "08bdcb8941c3b9ed7698a47cbf540ff20dbe7effffffff1d46a3b8256de57fd4cc768c57f1eb0d04daff23edf52629979c06e55a8c3a18" +
            "8252d159ffffffff122818aa0f01912d473e414ca6b16009cdcf437802aa7f7abcc6aa0e0567b55027f26fc2ffffffff7b3c05915ff86d" +
            "433f96fe003e0874666c0691cbdf827702927f46d072bf40e82e0c1d01ffffffff138c8a17e461985bbd1952fc8fcdf0470ab8bc3dfef8" +
            "413e7fef8e18e592c7697a2814c7ffffffff1851eb4596328bb46f8e1f51a8079590fef03a2dd36175ead47fc2de8d3d7eb2c24e829cff" +
            "ffffff2a0b2ea2edb81889b8ba78cea4a1090ba759de7e2ed660e01530729f5e2e8a39fe34435effffffff5681b49f7e01cc19aeec4858" +
            "e607443239b2e7ade1f8beeb8833a9640fa0a9d3f8a5617effffffff5517335d118b8c5fd8b7e1a45ca801338778dd451ff2175b168f77" +
            "d8deeac011a12cfcd4ffffffff38fd26287078599380825bc5e6a58c232147603721a76475b3b110dbb7e9a53ef815468effffffff905e" +
            "a3ae3074a8f1548185dd9bf11ced3cd3bce3e0c0e5f1d331136da1db68874a99a0e500000023f83701a68fb679ad1d8fd4c3b9721bd8df" +
            "4f1c6acd466a4b110a6f7a90b8b0"
        },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void What_another_implementation_sealed_opens(
        string name, int segmentLength, int rotation, string plaintext, string ciphertext)
    {
        Assert.NotEmpty(name);
        byte[] file = Convert.FromHexString(ciphertext);
        var parameters = new FloeParameters(segmentLength, rotation);
        FloeLayout layout = FloeLayout.OfSealed(parameters, file.Length);
        using FloeState state = FloeState.Resume(new byte[32], parameters, "This is AAD"u8, file.AsSpan(0, 74));
        byte[] content = new byte[layout.PlaintextLength];
        FloeSpan.Open(state, layout, file, content);
        Assert.Equal(plaintext, Convert.ToHexStringLower(content));
    }
}
