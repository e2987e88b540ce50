using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Review.Media;

/// <summary>Writes docs/vectors/media.json: sealed files with every intermediate key, and the references that open them.</summary>
internal sealed class WriteMediaVectors : ISubcommand
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    /// <inheritdoc/>
    public string Name => "media-vectors";

    /// <inheritdoc/>
    public string Usage => "media-vectors FILE      writes docs/vectors/media.json";

    /// <inheritdoc/>
    public int Run(string[] args)
    {
        if (args.Length != 1)
        {
            Console.Error.WriteLine($"  {Usage}");
            return ExitCode.Usage;
        }

        File.WriteAllText(args[0], Make());
        return ExitCode.Passed;
    }

    /// <summary>The file's text; the same at every call.</summary>
    public static string Make()
    {
        var vectors = new JsonArray();
        foreach ((string name, int length, MediaPadding padding) in new[]
        {
            ("empty", 0, MediaPadding.None), ("short", 5, MediaPadding.None), ("one full segment", 4064, MediaPadding.None),
            ("two segments", 4065, MediaPadding.None), ("padded", 5001, MediaPadding.Padme),
        })
        {
            vectors.Add(Vector(name, length, padding));
        }

        var root = new JsonObject
        {
            ["format"] = "docs/protocol-media.md",
            ["content"] = "byte i of a content is i mod 251",
            ["vectors"] = vectors,
        };
        return root.ToJsonString(s_indented) + "\n";
    }

    private static JsonObject Vector(string name, int length, MediaPadding padding)
    {
        byte[] key = Fixed(name + " key", 32);
        byte[] iv = Fixed(name + " iv", 32);
        string mediaId = "media " + name;
        var parameters = new FloeParameters(MediaSealingOptions.MinSegmentLength);
        byte[] associatedData = MediaAssociatedData.Encode(mediaId, MediaKind.Image);
        FloeLayout layout = FloeLayout.OfPlaintext(parameters, padding.Pad(length));
        byte[] plaintext = new byte[layout.PlaintextLength];
        for (int i = 0; i < length; i++)
        {
            plaintext[i] = (byte)(i % 251);
        }

        using FloeState state = FloeState.Start(key, parameters, iv, associatedData);
        using var cipher = new FloeSegmentCipher(state);
        byte[] file = new byte[layout.SealedLength];
        state.Header.CopyTo(file);
        var nonces = new JsonArray();
        for (long position = 0; position < layout.Segments; position++)
        {
            byte[] number = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(number, position);
            byte[] nonce = Fixed(name + Convert.ToHexStringLower(number), 12);
            nonces.Add(Convert.ToHexStringLower(nonce));
            Span<byte> segment = file.AsSpan((int)layout.OffsetOf(position), layout.SealedLengthOf(position));
            cipher.Seal(
                plaintext.AsSpan((int)position * parameters.PlaintextLength, segment.Length - FloeParameters.SegmentOverhead),
                position,
                layout.IsFinal(position),
                nonce,
                segment);
        }

        byte[] segmentKey = new byte[32];
        state.DeriveSegmentKey(0, segmentKey);
        byte[] digest = SHA256.HashData(file);
        var description = new MediaDescription(mediaId, MediaKind.Image)
        {
            FileName = name + ".png",
            MediaType = "image/png",
            Width = 640,
            Height = 480,
            Thumbnail = new byte[] { 1, 2, 3 },
        };
        using var reference = new MediaReference(
            description, key, parameters.SegmentLength, length, file.Length, state.HeaderTag, digest);
        return new JsonObject
        {
            ["name"] = name,
            ["key"] = Convert.ToHexStringLower(key),
            ["mediaId"] = mediaId,
            ["kind"] = (int)MediaKind.Image,
            ["associatedData"] = Convert.ToHexStringLower(associatedData),
            ["segmentLength"] = parameters.SegmentLength,
            ["contentLength"] = length,
            ["paddedLength"] = layout.PlaintextLength,
            ["iv"] = Convert.ToHexStringLower(iv),
            ["headerTag"] = Convert.ToHexStringLower(state.HeaderTag),
            ["messageKey"] = Convert.ToHexStringLower(state.MessageKey),
            ["segmentKey"] = Convert.ToHexStringLower(segmentKey),
            ["nonces"] = nonces,
            ["sealed"] = Convert.ToHexStringLower(file),
            ["digest"] = Convert.ToHexStringLower(digest),
            ["reference"] = Convert.ToHexStringLower(reference.Encode()),
        };
    }

    private static byte[] Fixed(string label, int length) =>
        SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(label))[..length];
}
