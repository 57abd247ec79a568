namespace CircuitLasso.Models;

/// <summary>The settings that the pre-tokenizer and the decoder of type "Metaspace" share.</summary>
internal static class MetaspaceSettings
{
    /// <summary>Reads "prepend_scheme", or "add_prefix_space" of older files.</summary>
    public static PrependScheme ReadPrependScheme(JsonSection component)
    {
        bool addPrefixSpace = component.Flag("add_prefix_space", otherwise: true);
        if (component.Optional("prepend_scheme") is not { } scheme)
        {
            return addPrefixSpace ? PrependScheme.Always : PrependScheme.Never;
        }

        return scheme.Text() switch
        {
            "never" => PrependScheme.Never,
            _ when !addPrefixSpace => throw scheme.Error("contradicts \"add_prefix_space\": false"),
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            _ => throw scheme.Error($"is \"{scheme.Text()}\" and not always, never or first"),
        };
    }
}
