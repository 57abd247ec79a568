namespace CircuitLasso.Models;

/// <summary>Takes up to so many of one character off the start and the end of every token (type "Strip").</summary>
internal sealed class StripDecoder(string content, int start, int stop) : IDecoder
{
    /// <summary>Reads the component.</summary>
    public static IDecoder Read(JsonSection component) => new StripDecoder(
        component.Required("content").Character(), component.Required("start").Integer(int.MaxValue), component.Required("stop").Integer(int.MaxValue));

    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) => [.. tokens.Select(Strip)];

    /// <inheritdoc/>
    public string Show(string token) => token;

    private string Strip(string token)
    {
        ReadOnlySpan<char> rest = token;
        for (int i = 0; i < start && rest.StartsWith(content, StringComparison.Ordinal); i++)
        {
            rest = rest[content.Length..];
        }

        for (int i = 0; i < stop && rest.EndsWith(content, StringComparison.Ordinal); i++)
        {
            rest = rest[..^content.Length];
        }

        return rest.Length == token.Length ? token : rest.ToString();
    }
}
