using System.Text.Json;
using PulseMeet.E2E.Review.Wycheproof;

namespace PulseMeet.E2E.Tests.Vectors;

/// <summary>The reviewers' command fails where it should: on a wrong output, on an accepted invalid input, on nothing at all.</summary>
public sealed class WycheproofRunner : IDisposable
{
    private const string Okm = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";

    private readonly string _folder = Directory.CreateTempSubdirectory("wycheproof").FullName;

    [Theory]
    [InlineData(42, Okm, "valid", 0)]
    [InlineData(42, "00", "valid", 1)]
    [InlineData(42, "", "invalid", 1)] // the backend gives an output: not refused
    [InlineData(8161, "", "invalid", 0)]
    public void HKDF_vectors_pass_and_fail_as_they_should(int size, string okm, string result, int exitCode)
    {
        Write("any-name.json", "HKDF-SHA-256", new
        {
            type = "HkdfTest",
            tests = new[] { new { tcId = 1, ikm = string.Concat(Enumerable.Repeat("0b", 22)), salt = "000102030405060708090a0b0c", info = "f0f1f2f3f4f5f6f7f8f9", size, okm, result } },
        });
        Assert.Equal(exitCode, new RunWycheproof().Run([_folder]));
    }

    [Theory]
    [InlineData(64, 1088, 1)] // right lengths: decapsulation gives a secret, so that nothing was refused
    [InlineData(63, 1088, 0)]
    [InlineData(64, 1087, 0)]
    public void ML_KEM_vectors_that_are_called_invalid_have_to_be_refused(int seed, int ciphertext, int exitCode)
    {
        Write("mlkem.json", "ML-KEM", new
        {
            type = "MLKEMTest",
            parameterSet = "ML-KEM-768",
            tests = new[] { new { tcId = 1, seed = new string('0', 2 * seed), c = new string('0', 2 * ciphertext), K = new string('0', 64), result = "invalid" } },
        });
        Assert.Equal(exitCode, new RunWycheproof().Run([_folder]));
    }

    [Fact]
    public void Nothing_to_run_is_a_failure()
    {
        Assert.Equal(1, new RunWycheproof().Run([_folder]));
        Write("other.json", "AES-CCM", new { type = "AeadTest", tests = Array.Empty<object>() });
        Assert.Equal(1, new RunWycheproof().Run([_folder]));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string name, string algorithm, object group) => File.WriteAllText(
        Path.Combine(_folder, name), JsonSerializer.Serialize(new { algorithm, testGroups = new[] { group } }));
}
