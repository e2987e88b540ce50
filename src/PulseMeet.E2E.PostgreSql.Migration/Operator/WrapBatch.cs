using System.Collections.Concurrent;
using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The wrapped copies of one batch of keys, and whom they could not be made for.</summary>
internal sealed class WrapBatch
{
    public List<WrappedCopy> Wrapped { get; } = [];

    public List<WrapProblem> Problems { get; } = [];

    public int NewProblems => Problems.Count;

    public static WrapBatch Seal(string table, List<LegacyKeyRow> rows, List<KeyMember> members)
    {
        var batch = new WrapBatch();
        ILookup<Guid, KeyMember> byRow = members.ToLookup(member => member.KeyRow);
        List<(LegacyKeyRow Row, byte[] Key, KeyMember Member, X25519PublicKey PublicKey)> work = [];
        List<byte[]> keys = [];
        foreach (LegacyKeyRow row in rows)
        {
            byte[]? key = row.DecodeKey();
            if (key is null)
            {
                batch.Problems.Add(new(row, null, "malformed_symmetric_key"));
                continue;
            }

            keys.Add(key);
            if (!byRow[row.Id].Any())
            {
                batch.Problems.Add(new(row, null, "no_members"));
            }

            foreach (IGrouping<Guid, KeyMember> user in byRow[row.Id].GroupBy(member => member.User))
            {
                bool served = false;
                foreach (KeyMember member in user.Where(member => member.PublicKey is not null && !member.Expired))
                {
                    if (member.Wrapped)
                    {
                        served = true;
                    }
                    else if (TryRead(member.PublicKey!) is { } publicKey)
                    {
                        served = true;
                        work.Add((row, key, member, publicKey));
                    }
                }

                if (!served)
                {
                    batch.Problems.Add(new(row, user.Key, ReasonFor(user)));
                }
            }
        }

        var sealedCopies = new ConcurrentBag<WrappedCopy>();
        Parallel.ForEach(work, item => sealedCopies.Add(new(
            item.Row, item.Member.User, item.Member.PublicKeyId!,
            Hpke.Seal(item.PublicKey, Binding.WrappedKeyInfo, Binding.OfWrappedKey(
                item.Row.Conversation, item.Member.User, table, item.Row.Id, item.Row.KeyId, item.Member.PublicKeyId!), item.Key))));
        batch.Wrapped.AddRange(sealedCopies);
        keys.ForEach(key => CryptographicOperations.ZeroMemory(key));
        return batch;
    }

    private static X25519PublicKey? TryRead(string base64)
    {
        try
        {
            return X25519PublicKey.FromBase64(base64);
        }
        catch (E2EException)
        {
            return null;
        }
    }

    private static string ReasonFor(IEnumerable<KeyMember> keys) =>
        keys.All(key => key.PublicKey is null) ? "no_active_key"
        : keys.All(key => key.Expired) ? "expired_key"
        : "malformed_key";
}

internal sealed record WrappedCopy(LegacyKeyRow Row, Guid User, string PublicKeyId, byte[] Sealed);

internal sealed record WrapProblem(LegacyKeyRow Row, Guid? User, string Reason);
