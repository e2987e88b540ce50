using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>ts-mls in a process of its own (eng/mls-interop/peer.mjs): a request and an answer a line.</summary>
internal sealed class TsMlsProcess : IDisposable
{
    private readonly Process _node;

    /// <param name="folder">Where peer.mjs and its packages are.</param>
    public TsMlsProcess(string folder)
    {
        _node = Process.Start(new ProcessStartInfo("node", "peer.mjs")
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
    }

    /// <exception cref="InvalidOperationException">ts-mls refuses.</exception>
    public JsonObject Ask(string op, string name, JsonObject? arguments = null)
    {
        JsonObject request = arguments ?? [];
        request["op"] = op;
        request["name"] = name;
        _node.StandardInput.WriteLine(request.ToJsonString());
        _node.StandardInput.Flush();
        string line = _node.StandardOutput.ReadLine() ?? throw new InvalidOperationException("ts-mls has ended.");
        var answer = (JsonObject)JsonNode.Parse(line)!;
        return answer["error"] is { } error ? throw new InvalidOperationException($"ts-mls, {op}: {error}") : answer;
    }

    public void Dispose()
    {
        _node.StandardInput.Close();
        _node.WaitForExit();
        _node.Dispose();
    }
}
