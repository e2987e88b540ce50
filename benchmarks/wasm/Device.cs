using System.Runtime.InteropServices.JavaScript;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Wasm;

/// <summary>What the slowest device does: runs the library inside a browser's WebAssembly, checks that both sides agree, and
/// measures each step call by call.</summary>
[SupportedOSPlatform("browser")]
internal static partial class Device
{
    private const int WarmUp = 200;

    private static readonly KeyDerivationService s_derivation = new(new KeyDerivationOptions(), TimeProvider.System);
    private static readonly MessageSealer s_sealer = new(new MessageSealingOptions());

    /// <summary>Runs everything and gives the result as JSON: durations in milliseconds.</summary>
    /// <param name="calls">How many derivations are timed; the other steps are timed a tenth as often, the client's a twentieth.</param>
    [JSExport]
    internal static async Task<string> Measure(int calls)
    {
        try
        {
            var timings = new Timings();
            MeasureFirstDerivation(timings);
            MeasureDerivation(timings, calls);
            MeasureSealing(timings, calls / 10);
            MeasureFirstSession(timings);
            MeasureSessions(timings, calls / 10);
            using var client = new ClientStart(timings);
            await client.MeasureAsync(calls / 20);
            return new JsonObject { ["rows"] = timings.Rows, ["whole"] = timings.Whole, ["calls"] = calls }.ToJsonString();
        }
        catch (Exception exception)
        {
            return new JsonObject { ["error"] = exception.ToString() }.ToJsonString();
        }
    }

    /// <summary>The page's very first call: nothing has run before.</summary>
    private static void MeasureFirstDerivation(Timings timings)
    {
        using X25519KeyPair alice = timings.Time("key pair, the first of the page", s_derivation.GenerateKeyPair);
        using X25519KeyPair bob = s_derivation.GenerateKeyPair();
        timings.Time(
            "derivation, the first of the page",
            () => s_derivation.DeriveConversationKeys(alice, bob.PublicKey, new ConversationContext("browser"))).Dispose();
    }

    /// <summary>The page's first session: keys were derived and messages sealed before, nothing else.</summary>
    private static void MeasureFirstSession(Timings timings)
    {
        using var peers = new Peers();
        using RatchetSession sending = timings.Time("session begun, the first of the page", peers.Begin);
        byte[] first = sending.Seal("first"u8);
        timings.Time("session accepted, the first of the page", () => peers.Accept(first)).Dispose();
    }

    private static void MeasureDerivation(Timings timings, int calls)
    {
        using X25519KeyPair alice = s_derivation.GenerateKeyPair();
        using X25519KeyPair bob = s_derivation.GenerateKeyPair();
        var context = new ConversationContext("browser");
        using ConversationKeys one = s_derivation.DeriveConversationKeys(alice, bob.PublicKey, context);
        using ConversationKeys other = s_derivation.DeriveConversationKeys(bob, alice.PublicKey, context);
        Expect(one.Conversation.FixedTimeEquals(other.Conversation), "both sides derive the same conversation key");
        Expect(one.Media.FixedTimeEquals(other.Media), "both sides derive the same media key");
        Expect(one.Authentication.FixedTimeEquals(other.Authentication), "both sides derive the same authentication key");
        timings.Time("derivation", WarmUp, calls, () => s_derivation.DeriveConversationKeys(alice, bob.PublicKey, context).Dispose());
    }

    private static void MeasureSealing(Timings timings, int calls)
    {
        using X25519KeyPair alice = s_derivation.GenerateKeyPair();
        using X25519KeyPair bob = s_derivation.GenerateKeyPair();
        using ConversationKeys keys = s_derivation.DeriveConversationKeys(alice, bob.PublicKey, new ConversationContext("browser"));
        var context = new MessageContext("browser", "alice", "bob", "1");
        byte[] plaintext = new byte[256];
        byte[] message = s_sealer.Seal(keys.Conversation, plaintext, context);
        Expect(s_sealer.Open(keys.Conversation, message, context).AsSpan().SequenceEqual(plaintext), "a sealed message opens");
        message[^1] ^= 1;
        ExpectRefusal(() => s_sealer.Open(keys.Conversation, message, context), E2EError.NotAuthentic);
        timings.Time("seal and open 256 bytes", 10, calls, () =>
            s_sealer.Open(keys.Conversation, s_sealer.Seal(keys.Conversation, plaintext, context), context));
    }

    private static void MeasureSessions(Timings timings, int calls)
    {
        for (int i = 0; i < Math.Max(1, calls); i++)
        {
            using var others = new Peers();
            using RatchetSession begun = timings.Time("session begun", others.Begin);
            byte[] begins = begun.Seal("first"u8);
            timings.Time("session accepted", () => others.Accept(begins)).Dispose();
        }

        using var peers = new Peers();
        using RatchetSession sending = peers.Begin();
        using RatchetSession receiving = peers.Accept(sending.Seal("first"u8));
        byte[] plaintext = new byte[256];
        Expect(sending.Open(receiving.Seal(plaintext)).AsSpan().SequenceEqual(plaintext), "a ratchet message opens");
        timings.Time("a message and its answer, 256 bytes", 10, calls, () =>
        {
            receiving.Open(sending.Seal(plaintext));
            sending.Open(receiving.Seal(plaintext));
        });
    }

    internal static void Expect(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException("Does not hold: " + what);
        }
    }

    private static void ExpectRefusal(Action call, E2EError reason)
    {
        try
        {
            call();
        }
        catch (E2EException exception) when (exception.Reason == reason)
        {
            return;
        }

        throw new InvalidOperationException($"Not refused as {reason}.");
    }
}
