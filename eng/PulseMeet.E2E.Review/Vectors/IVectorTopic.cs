using System.Text.Json.Nodes;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>One file of test vectors: inputs, every intermediate key, outputs.</summary>
internal interface IVectorTopic
{
    /// <summary>The file's name in docs/vectors.</summary>
    string FileName { get; }

    string Description { get; }

    /// <summary>What the array of entries is called in the file.</summary>
    string ArrayName => "vectors";

    /// <summary>Whether the entries have fresh randomness in them, so that each writing gives others: a file that has the same entries, and still
    /// holds, is left as it is.</summary>
    bool IsFresh => false;

    /// <summary>Makes the vectors anew.</summary>
    JsonArray Write();

    /// <summary>Computes one vector again from its inputs alone and compares every value.</summary>
    /// <returns>The names of the values that differ.</returns>
    IEnumerable<string> Differences(JsonObject vector);
}
