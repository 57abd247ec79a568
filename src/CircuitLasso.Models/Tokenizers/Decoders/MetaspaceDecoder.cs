namespace CircuitLasso.Models;

/// <summary>Turns the visible character back into spaces, except in the first token, where it was put in (type "Metaspace").</summary>
internal sealed class MetaspaceDecoder(string replacement, PrependScheme prepend) : IDecoder
{
    /// <summary>Reads the component.</summary>
    public static IDecoder Read(JsonSection component) =>
        new MetaspaceDecoder(component.Required("replacement").Character(), MetaspaceSettings.ReadPrependScheme(component));

    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) =>
    [
        .. tokens.Select((token, index) =>
            token.Replace(replacement, index == 0 && prepend != PrependScheme.Never ? string.Empty : " ", StringComparison.Ordinal)),
    ];

    /// <inheritdoc/>
    public string Show(string token) => token.Replace(replacement, " ", StringComparison.Ordinal);
}
