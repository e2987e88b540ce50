using System.Diagnostics;
using System.Runtime.InteropServices.JavaScript;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
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
    private static readonly PreKeyOptions s_preKeys = new() { OneTimePairs = 2 };
    private static readonly DeviceFactory s_devices = new(s_preKeys, TimeProvider.System);
    private static readonly RatchetSessionFactory s_sessions = new(new RatchetOptions(), s_preKeys, TimeProvider.System);

    /// <summary>Runs everything and gives the result as JSON: durations in milliseconds.</summary>
    /// <param name="calls">How many derivations are timed; the other steps are timed a tenth as often.</param>
    [JSExport]
    internal static string Measure(int calls)
    {
        try
        {
            var rows = new JsonObject();
            MeasureDerivation(rows, calls);
            MeasureSealing(rows, calls / 10);
            MeasureSessions(rows, calls / 10);
            return new JsonObject { ["rows"] = rows, ["calls"] = calls }.ToJsonString();
        }
        catch (Exception exception)
        {
            return new JsonObject { ["error"] = exception.ToString() }.ToJsonString();
        }
    }

    private static void MeasureDerivation(JsonObject rows, int calls)
    {
        using X25519KeyPair alice = s_derivation.GenerateKeyPair();
        using X25519KeyPair bob = s_derivation.GenerateKeyPair();
        var context = new ConversationContext("browser");
        using ConversationKeys one = s_derivation.DeriveConversationKeys(alice, bob.PublicKey, context);
        using ConversationKeys other = s_derivation.DeriveConversationKeys(bob, alice.PublicKey, context);
        Expect(one.Conversation.FixedTimeEquals(other.Conversation), "both sides derive the same conversation key");
        Expect(one.Media.FixedTimeEquals(other.Media), "both sides derive the same media key");
        Expect(one.Authentication.FixedTimeEquals(other.Authentication), "both sides derive the same authentication key");
        Time(rows, "derivation", WarmUp, calls, () => s_derivation.DeriveConversationKeys(alice, bob.PublicKey, context).Dispose());
    }

    private static void MeasureSealing(JsonObject rows, int calls)
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
        Time(rows, "seal and open 256 bytes", 10, calls, () =>
            s_sealer.Open(keys.Conversation, s_sealer.Seal(keys.Conversation, plaintext, context), context));
    }

    private static void MeasureSessions(JsonObject rows, int calls)
    {
        using var account = Ed25519KeyPair.Generate();
        using DeviceIdentity alice = s_devices.CreateDevice(account, new DeviceAddress("alice", "browser"));
        using DeviceIdentity bob = s_devices.CreateDevice(account, new DeviceAddress("bob", "browser"));
        using DevicePreKeys preKeys = s_devices.CreatePreKeys(bob);
        PreKeyPublication published = preKeys.PreparePublication(directory: default);
        var bundle = new PreKeyBundle(published.Certificate, published.SignedPair.WithoutKemKey(), published.OneTimePairs[0]);

        var setup = Stopwatch.StartNew();
        using RatchetSession sending = s_sessions.Initiate(alice, new ExpectedPeer(bob.Address, account.PublicKey), bundle);
        byte[] first = sending.Seal("first"u8);
        using RatchetSession receiving = s_sessions
            .Accept(preKeys, new ExpectedPeer(alice.Address, account.PublicKey), first).Session;
        rows["session setup, once, cold"] = new JsonObject { ["mean"] = setup.Elapsed.TotalMilliseconds };

        byte[] plaintext = new byte[256];
        Expect(sending.Open(receiving.Seal(plaintext)).AsSpan().SequenceEqual(plaintext), "a ratchet message opens");
        Time(rows, "ratchet ping-pong 256 bytes", 10, calls, () =>
        {
            receiving.Open(sending.Seal(plaintext));
            sending.Open(receiving.Seal(plaintext));
        });
    }

    private static void Time(JsonObject rows, string name, int warmUp, int calls, Action call)
    {
        for (int i = 0; i < warmUp; i++)
        {
            call();
        }

        double[] durations = new double[Math.Max(1, calls)];
        for (int i = 0; i < durations.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            call();
            durations[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(durations);
        rows[name] = new JsonObject
        {
            ["mean"] = durations.Average(),
            ["p50"] = durations[durations.Length / 2],
            ["p99"] = durations[durations.Length * 99 / 100],
            ["max"] = durations[^1],
        };
    }

    private static void Expect(bool holds, string what)
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
