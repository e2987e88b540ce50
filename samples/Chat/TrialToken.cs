namespace Chat;

/// <summary>Asks samples/Relay for one of its trial tokens, which end with its process: so each attempt asks anew. An app sends what its
/// own sign-in gave it.</summary>
internal sealed class TrialToken(Uri server, string user, string device) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = server };

    public async ValueTask<string?> AskAsync(CancellationToken cancellationToken)
    {
        using var who = new FormUrlEncodedContent([new("user", user), new("device", device)]);
        using HttpResponseMessage response = await _http.PostAsync(new Uri("token", UriKind.Relative), who, cancellationToken);
        return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(cancellationToken) : null;
    }

    public void Dispose() => _http.Dispose();
}
