using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Http;

/// <summary>One POST for each call, with its attempts: docs/protocol-http.md, "Calls".</summary>
internal sealed class RelayTransport
{
    private readonly HttpClient _client;
    private readonly Uri _address;
    private readonly HttpRelayOptions _options;
    private readonly TimeProvider _time;

    public RelayTransport(HttpClient client, Uri address, HttpRelayOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        if (!address.IsAbsoluteUri || address.Scheme is not ("https" or "http") || address.Query.Length > 0 || address.Fragment.Length > 0)
        {
            throw new ArgumentException("The relay's address is absolute, of HTTP, and without a query.", nameof(address));
        }

        _client = client;
        _address = address.AbsolutePath.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");
        _options = options;
        _time = time;
    }

    /// <summary>Calls an operation. Null where the server has no such thing (204).</summary>
    /// <param name="path">Of <see cref="RelayPaths"/>.</param>
    /// <param name="body">The request.</param>
    /// <param name="cancellationToken">Stops all attempts.</param>
    /// <param name="repeatable">When the call may be attempted again.</param>
    /// <param name="wait">How long the server may wait before it answers.</param>
    /// <exception cref="E2EException">The server refused, or there was no answer of the documented form.</exception>
    public async Task<byte[]?> CallAsync(
        string path,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken,
        Repeatable repeatable = Repeatable.Always,
        TimeSpan wait = default)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await AttemptAsync(path, body, wait, cancellationToken).ConfigureAwait(false);
            }
            catch (AttemptFailedException failure) when (attempt < _options.MaxAttempts && failure.MayRepeat(repeatable))
            {
                await Task.Delay(Pause(attempt, failure.RetryAfter), _time, cancellationToken).ConfigureAwait(false);
            }
            catch (AttemptFailedException failure)
            {
                throw failure.Refusal();
            }
        }
    }

    /// <summary>Reads an answer that has to be there.</summary>
    public static T Read<T>(byte[]? answer, WireReader.Reading<T> read)
    {
        try
        {
            return RelayWire.Read(answer ?? throw new E2EException(E2EError.InvalidEncoding), read);
        }
        catch (E2EException exception)
        {
            throw new E2EException(E2EError.RelayUnavailable, "The answer does not have the documented form.", exception);
        }
    }

    private TimeSpan Pause(int attempt, TimeSpan? asked)
    {
        double doubled = _options.FirstPause.TotalMilliseconds * Math.Pow(2, attempt - 1);
        double chance = 0.5 + (RandomNumberGenerator.GetInt32(1001) / 2000.0);
        double pause = Math.Max(doubled * chance, asked?.TotalMilliseconds ?? 0);
        return TimeSpan.FromMilliseconds(Math.Min(pause, _options.LongestPause.TotalMilliseconds));
    }

    private async Task<byte[]?> AttemptAsync(
        string path, ReadOnlyMemory<byte> body, TimeSpan wait, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.AttemptTimeout + wait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_address, path));
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(RelayPaths.MediaType);
            if (_options.AccessToken is not null
                && await _options.AccessToken(either.Token).ConfigureAwait(false) is { } token)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            using HttpResponseMessage response = await _client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            return await AnswerAsync(response, either.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException exception)
        {
            throw new AttemptFailedException("There was no answer.", exception)
            {
                IsNotDone = exception.HttpRequestError is HttpRequestError.NameResolutionError
                    or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError,
                IsPassing = true,
            };
        }
        catch (IOException exception)
        {
            throw new AttemptFailedException("The answer broke off.", exception) { IsPassing = true };
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AttemptFailedException("There was no answer in time.", exception) { IsPassing = true };
        }
    }

    private static async Task<byte[]?> AnswerAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.NoContent:
                return null;
            case HttpStatusCode.OK when response.Content.Headers.ContentType?.MediaType == RelayPaths.MediaType:
                return await BoundedContent.ReadAsync(response.Content, RelayPaths.MaxBodySize, cancellationToken).ConfigureAwait(false)
                    ?? throw new AttemptFailedException("The answer is too long.");
            default:
                throw await Problem.ReadAsync(response, cancellationToken).ConfigureAwait(false);
        }
    }
}
