using System.Text.Json;
using Microsoft.AspNetCore.Http;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>The OpenAPI 3.1 document of the endpoints, out of the same table that maps them. What is in the bodies stands in
/// docs/protocol-http.md.</summary>
internal static class RelayOpenApi
{
    public const string Path = "v1/openapi.json";

    private static readonly (int Status, string Text)[] s_refusals =
    [
        (400, "Malformed, or a signature or version that is not accepted."), (401, "Not authenticated."), (403, "No right to that."),
        (404, "No such user, device or file."), (409, "Something newer or different is there."), (413, "Over a bound."),
        (415, "Another media type."), (429, "Too many calls."), (503, "Cannot be served now."),
    ];

    public static RequestDelegate Endpoint { get; } = async context =>
    {
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(Document(), context.RequestAborted).ConfigureAwait(false);
    };

    public static byte[] Document()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("openapi", "3.1.0");
            json.WriteStartObject("info");
            json.WriteString("title", "PulseMeet.E2E relay");
            json.WriteString("version", "1");
            json.WriteString("description", "Bodies are binary, as docs/protocol-http.md says; refusals are problem details with a code.");
            json.WriteEndObject();
            json.WriteStartObject("paths");
            foreach (RelayOperation operation in RelayOperations.All)
            {
                Write(json, operation);
            }

            WriteEvents(json);
            json.WriteEndObject();
            WriteProblem(json);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter json, RelayOperation operation)
    {
        json.WriteStartObject("/" + operation.Path);
        json.WriteStartObject("post");
        json.WriteString("summary", operation.Summary);
        json.WriteString("operationId", operation.Path["v1/".Length..].Replace('/', '-'));
        json.WriteStartObject("requestBody");
        WriteContent(json, RelayPaths.MediaType, operation.MaxBody);
        json.WriteEndObject();
        json.WriteStartObject("responses");
        if (operation.HasAnswer)
        {
            json.WriteStartObject("200");
            json.WriteString("description", "The answer.");
            WriteContent(json, RelayPaths.MediaType, RelayPaths.MaxBodySize);
            json.WriteEndObject();
        }

        json.WriteStartObject("204");
        json.WriteString("description", operation.HasAnswer ? "There is none." : "Done.");
        json.WriteEndObject();
        WriteRefusals(json);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteEvents(Utf8JsonWriter json)
    {
        json.WriteStartObject("/" + RelayPaths.Events);
        json.WriteStartObject("get");
        json.WriteString("summary", "The caller's mailbox as server-sent events.");
        json.WriteString("operationId", "mailbox-events");
        json.WriteStartArray("parameters");
        json.WriteStartObject();
        json.WriteString("name", "revision");
        json.WriteString("in", "query");
        json.WriteBoolean("required", true);
        json.WriteStartObject("schema");
        json.WriteString("type", "integer");
        json.WriteNumber("minimum", 0);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartObject("responses");
        json.WriteStartObject("200");
        json.WriteString("description", "Events until the caller closes the stream or 1,000 items were given.");
        json.WriteStartObject("content");
        json.WriteStartObject("text/event-stream");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        WriteRefusals(json);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteRefusals(Utf8JsonWriter json)
    {
        foreach ((int status, string text) in s_refusals)
        {
            json.WriteStartObject(status.ToString(System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("description", text);
            json.WriteStartObject("content");
            json.WriteStartObject(RelayPaths.ProblemType);
            json.WriteStartObject("schema");
            json.WriteString("$ref", "#/components/schemas/Problem");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static void WriteContent(Utf8JsonWriter json, string mediaType, int maxLength)
    {
        json.WriteStartObject("content");
        json.WriteStartObject(mediaType);
        json.WriteStartObject("schema");
        json.WriteString("type", "string");
        json.WriteString("format", "binary");
        json.WriteNumber("maxLength", maxLength);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteProblem(Utf8JsonWriter json)
    {
        json.WriteStartObject("components");
        json.WriteStartObject("schemas");
        json.WriteStartObject("Problem");
        json.WriteString("type", "object");
        json.WriteStartArray("required");
        foreach (string name in (string[])["title", "status", "reason", "code"])
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteStartObject("properties");
        foreach ((string name, string type) in ((string, string)[])[("title", "string"), ("status", "integer"), ("reason", "string"), ("code", "integer")])
        {
            json.WriteStartObject(name);
            json.WriteString("type", type);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
