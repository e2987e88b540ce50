using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The wrapped copies of one batch of keys, and whom they could not be made for.</summary>
internal sealed class WrapBatch
{
    public const string Malformed = "malformed_symmetric_key";

    public List<WrappedCopy> Wrapped { get; } = [];

    public List<WrapProblem> Problems { get; } = [];

    public int NewProblems => Problems.Count;

    private readonly List<(LegacyKeyRow Row, byte[] Key, KeyMember Member, X25519PublicKey PublicKey)> _work = [];
    private readonly List<byte[]> _keys = [];

    public static WrapBatch Seal(string table, List<LegacyKeyRow> rows, List<KeyMember> members)
    {
        WrapBatch batch = Sort(table, rows, members);
        var sealedCopies = new WrappedCopy[batch._work.Count];
        Parallel.For(0, sealedCopies.Length, i => sealedCopies[i] = SealCopy(table, batch._work[i]));
        batch.Wrapped.AddRange(sealedCopies);
        batch.Forget();
        return batch;
    }

    /// <summary>Whom there would be problems with; makes no copies.</summary>
    public static WrapBatch Plan(string table, List<LegacyKeyRow> rows, List<KeyMember> members)
    {
        WrapBatch batch = Sort(table, rows, members);
        batch.Forget();
        return batch;
    }

    private static WrappedCopy SealCopy(
        string table, (LegacyKeyRow Row, byte[] Key, KeyMember Member, X25519PublicKey PublicKey) item) => new(
        item.Row, item.Member.User, item.Member.PublicKeyId!, item.Member.PublicKey!,
        Hpke.Seal(item.PublicKey, Binding.WrappedKeyInfo, Binding.OfWrappedKey(
            item.Row.Conversation, item.Member.User, table, item.Row.Id, item.Row.KeyId, item.Member.PublicKeyId!), item.Key));

    private void Forget()
    {
        _keys.ForEach(key => CryptographicOperations.ZeroMemory(key));
        _keys.Clear();
        _work.Clear();
    }

    private static WrapBatch Sort(string table, List<LegacyKeyRow> rows, List<KeyMember> members)
    {
        var batch = new WrapBatch();
        ILookup<Guid, KeyMember> byRow = members.ToLookup(member => member.KeyRow);
        foreach (LegacyKeyRow row in rows)
        {
            byte[]? key = row.DecodeKey();
            if (key is null)
            {
                // Nobody can be served; the members are listed, so that none loses access unnamed.
                Guid[] users = [.. byRow[row.Id].Select(member => member.User).Distinct()];
                batch.Problems.AddRange(users.Select(user => new WrapProblem(row, user, Malformed)));
                if (users.Length == 0)
                {
                    batch.Problems.Add(new(row, null, Malformed));
                }

                continue;
            }

            batch._keys.Add(key);
            int people = byRow[row.Id].Select(member => member.User).Distinct().Count();
            if (people == 0)
            {
                batch.Problems.Add(new(row, null, "no_members"));
            }
            else if (people == 1 && table == "direct_message_keys")
            {
                batch.Problems.Add(new(row, null, "unknown_peer"));
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
                        batch._work.Add((row, key, member, publicKey));
                    }
                }

                if (!served)
                {
                    batch.Problems.Add(new(row, user.Key, ReasonFor(user)));
                }
            }
        }

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

internal sealed record WrappedCopy(LegacyKeyRow Row, Guid User, string PublicKeyId, string PublicKey, byte[] Sealed);

internal sealed record WrapProblem(LegacyKeyRow Row, Guid? User, string Reason);
