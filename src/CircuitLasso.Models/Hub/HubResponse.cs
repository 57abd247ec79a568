using System.Net.Http.Headers;

namespace CircuitLasso.Models;

/// <summary>The last answer of a chain of redirections, and what the hub itself said along it.</summary>
/// <param name="message">The answer.</param>
internal sealed class HubResponse(HttpResponseMessage message) : IDisposable
{
    /// <summary>The status.</summary>
    public int Status => (int)message.StatusCode;

    /// <summary>Whether the hub itself gave the last answer, rather than a server that it sent on to.</summary>
    public required bool IsOfHub { get; init; }

    /// <summary>The commit that the hub says it answered from, or null.</summary>
    public string? Commit { get; init; }

    /// <summary>The hash that the hub gives the file, or null.</summary>
    public string? Hash { get; init; }

    /// <summary>The size that the hub gives the file, or null.</summary>
    public long? LinkedSize { get; init; }

    /// <summary>The hub's word for what is wrong, such as <c>GatedRepo</c>, or null.</summary>
    public string? ErrorCode => Header(message, "X-Error-Code");

    /// <summary>How long the server asks to be left alone, or null.</summary>
    public TimeSpan? RetryAfter(DateTimeOffset now) => message.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > now ? date - now : TimeSpan.Zero,
        _ => null,
    };

    /// <summary>The bytes that follow, or null where the server does not say.</summary>
    public long? ContentLength => message.Content.Headers.ContentLength;

    /// <summary>Which part of the file follows, or null.</summary>
    public ContentRangeHeaderValue? ContentRange => message.Content.Headers.ContentRange;

    /// <summary>The bytes.</summary>
    public Task<Stream> ReadAsync(CancellationToken cancellation) => message.Content.ReadAsStreamAsync(cancellation);

    /// <inheritdoc/>
    public void Dispose() => message.Dispose();

    /// <summary>The value of a header, or null.</summary>
    internal static string? Header(HttpResponseMessage message, string name) => message.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
}
